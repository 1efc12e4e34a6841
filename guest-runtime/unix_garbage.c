/* SPDX-License-Identifier: ISC */
/*
 * Sockets that are under way in packets, and can be reached in no other way
 * than through each other's packets: they would stay for ever.
 *
 * THEORY OF OPERATION
 * A socket is a suspect when all references to its file are packets. What
 * packets of suspects account for all references of a suspect, nobody else has
 * any. A suspect that somebody else has a packet with is alive, and so is all
 * that its own packets hold. The queues of the others are emptied, which closes
 * them.
 */
#include <stddef.h>

#include "file.h"
#include "unix.h"

static struct rt_unix *under_way; /* all with ->in_flight */

static struct rt_unix *end_of(struct rt_file *file)
{
	const struct rt_socket *s = __rt_file_socket(file);

	return s && s->ops == &__rt_unix_ops ? s->own : NULL;
}

void __rt_unix_file_leaves(struct rt_file *file)
{
	struct rt_unix *u = end_of(file);

	if (!u || u->in_flight++)
		return;
	u->next_under_way = under_way;
	under_way = u;
}

void __rt_unix_file_arrives(struct rt_file *file)
{
	struct rt_unix *u = end_of(file), **at = &under_way;

	if (!u || --u->in_flight)
		return;
	while (*at != u)
		at = &(*at)->next_under_way;
	*at = u->next_under_way;
}

static void visit_queue(const struct rt_unix *u,
			void (*visit)(struct rt_unix *))
{
	for (const struct rt_unix_packet *p = u->first; p; p = p->next) {
		for (unsigned i = 0; i < p->file_count; i++) {
			struct rt_unix *inside = end_of(p->files[i]);

			if (inside && inside->is_suspect)
				visit(inside);
		}
	}
}

/* The suspects in what @u, or a connection to it, would receive. */
static void visit_inside(const struct rt_unix *u,
			 void (*visit)(struct rt_unix *))
{
	visit_queue(u, visit);
	for (const struct rt_unix *w = u->waiting; w; w = w->next)
		visit_queue(w, visit);
}

static void count_one(struct rt_unix *u)
{
	u->from_suspects++;
}

static void acquit(struct rt_unix *u)
{
	u->is_suspect = 0;
	visit_inside(u, acquit);
}

/* One with packets: @u, or a connection that waits there. */
static struct rt_unix *not_empty(struct rt_unix *u)
{
	if (u->first)
		return u;
	for (u = u->waiting; u && !u->first; u = u->next)
		;
	return u;
}

/* Empties the queues of those still suspect. Each is held meanwhile. */
static void sweep(void)
{
	struct rt_unix *garbage = NULL, *u, *full;

	for (u = under_way; u; u = u->next_under_way) {
		if (!u->is_suspect)
			continue;
		u->is_suspect = 0;
		u->next_garbage = garbage;
		garbage = __rt_unix_hold(u);
	}
	while (garbage) {
		u = garbage;
		garbage = u->next_garbage;
		/* Any packet may be the end of them all. */
		while ((full = not_empty(u)))
			__rt_unix_drop_packet(full);
		__rt_unix_put(u);
	}
}

void __rt_unix_collect(void)
{
	static int is_collecting;

	if (is_collecting)
		return;
	is_collecting = 1;
	for (struct rt_unix *u = under_way; u; u = u->next_under_way) {
		u->is_suspect = u->socket->file->refs == u->in_flight;
		u->from_suspects = 0;
	}
	for (struct rt_unix *u = under_way; u; u = u->next_under_way)
		if (u->is_suspect)
			visit_inside(u, count_one);
	for (struct rt_unix *u = under_way; u; u = u->next_under_way)
		if (u->is_suspect && u->from_suspects < u->in_flight)
			acquit(u);
	sweep();
	is_collecting = 0;
}
