/* SPDX-License-Identifier: ISC */
/*
 * Watchpoints and hardware breakpoints. One of GDB's may cover any range, one
 * of a vCPU an aligned word, so that the one is cut into pieces.
 */
#include <errno.h>
#include <string.h>

#include "gdb_internal.h"
#include "machine.h"

static enum vcpu_watch_kind kind_of(char type)
{
	switch (type) {
	case '1':
		return VCPU_WATCH_EXEC;
	case '2':
		return VCPU_WATCH_WRITE;
	default: /* no processor watches reads alone */
		return VCPU_WATCH_ACCESS;
	}
}

/* The largest aligned word at @gpa that takes no more than @left bytes. */
static unsigned piece(uint64_t gpa, uint64_t left)
{
	unsigned bytes = 8;

	while (gpa % bytes || bytes > left)
		bytes /= 2;
	return bytes;
}

static int add_pieces(struct gdb *g, unsigned index)
{
	const struct gdb_watch *w = &g->watch[index];
	uint64_t gpa = w->gpa, left = w->type == '1' ? 1 : w->bytes;

	while (left) {
		unsigned bytes = piece(gpa, left);

		if (g->slot_count == VCPU_MAX_WATCHES)
			return -ENOSPC;
		g->slot_watch[g->slot_count] = (unsigned char)index;
		g->slot[g->slot_count++] = (struct vcpu_watch){
			.kind = kind_of(w->type),
			.address = gpa,
			.bytes = bytes,
		};
		gpa += bytes;
		left -= bytes;
	}
	return 0;
}

static int lay_out(struct gdb *g)
{
	int err = 0;

	g->slot_count = 0;
	for (unsigned i = 0; !err && i < g->watch_count; i++)
		err = add_pieces(g, i);
	return err;
}

static int apply(struct gdb *g)
{
	struct vcpu *vcpu = g->m->vcpu;

	if (g->watches_by_step)
		return g->slot_count ? -ENOTSUP : 0;
	return vcpu->ops->debug->watch(vcpu, g->slot, g->slot_count);
}

/* Whether @w has changed; remembers what is there now. */
static bool look(struct gdb *g, struct gdb_watch *w)
{
	uint8_t now[GDB_WATCH_MAX_BYTES];
	bool changed;

	if (w->type == '1' || gdb_memory_read(&g->breakpoints, &g->m->mem,
					      w->gpa, now, w->bytes) < 0)
		return false;
	changed = memcmp(now, w->value, w->bytes) != 0;
	memcpy(w->value, now, w->bytes);
	return changed;
}

static void drop_last(struct gdb *g)
{
	g->watch_count--;
	(void)lay_out(g); /* fitted before */
}

/* Changes can be seen between single steps; reads cannot. */
static int insert_by_step(struct gdb *g, const struct gdb_watch *watch)
{
	g->watches_by_step = true;
	if (watch->type == '2')
		return 0;
	drop_last(g);
	if (watch->type != '1')
		return -ENOTSUP;
	return gdb_breakpoint_insert(&g->breakpoints, &g->m->mem, watch->gpa);
}

int gdb_watch_insert(struct gdb *g, const struct gdb_watch *watch)
{
	int err;

	if (watch->bytes > GDB_WATCH_MAX_BYTES ||
	    g->watch_count == VCPU_MAX_WATCHES)
		return -ENOSPC;
	g->watch[g->watch_count++] = *watch;
	err = lay_out(g);
	if (err) {
		drop_last(g);
		return err;
	}
	(void)look(g, &g->watch[g->watch_count - 1]);
	err = apply(g);
	if (err == -ENOTSUP)
		return insert_by_step(g, watch);
	return err;
}

int gdb_watch_remove(struct gdb *g, const struct gdb_watch *watch)
{
	for (unsigned i = 0; i < g->watch_count; i++) {
		const struct gdb_watch *w = &g->watch[i];

		if (w->type != watch->type || w->gpa != watch->gpa ||
		    w->bytes != watch->bytes)
			continue;
		g->watch[i] = g->watch[--g->watch_count];
		(void)lay_out(g);
		return g->watches_by_step ? 0 : apply(g);
	}
	if (watch->type == '1')
		gdb_breakpoint_remove(&g->breakpoints, &g->m->mem, watch->gpa);
	return 0;
}

int gdb_watch_clear(struct gdb *g)
{
	bool none = !g->watch_count;

	g->watch_count = g->slot_count = 0;
	return none || g->watches_by_step ? 0 : apply(g);
}

const struct gdb_watch *gdb_watch_changed(struct gdb *g)
{
	const struct gdb_watch *changed = NULL;

	for (unsigned i = 0; i < g->watch_count; i++)
		if (look(g, &g->watch[i]) && g->watch[i].type == '2')
			changed = &g->watch[i];
	return changed;
}

const struct gdb_watch *gdb_watch_hit(struct gdb *g)
{
	struct vcpu *vcpu = g->m->vcpu;
	unsigned hits;

	if (!g->slot_count || g->watches_by_step ||
	    vcpu->ops->debug->watch_hits(vcpu, &hits) < 0)
		return NULL;
	for (unsigned i = 0; i < g->slot_count; i++) {
		if (!(hits & 1u << i))
			continue;
		(void)look(g, &g->watch[g->slot_watch[i]]);
		return &g->watch[g->slot_watch[i]];
	}
	return NULL;
}
