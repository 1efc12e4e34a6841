/* SPDX-License-Identifier: ISC */
/*
 * net_io: two lists of pieces of guest memory become frames for a device. The
 * lists are copied once and the copies judged as a whole, before anything is
 * sent.
 */
#include <stddef.h>
#include <string.h>

#include "device_wait.h"
#include "hypercall_call.h"
#include "interrupt.h"
#include "limit.h"
#include "machine.h"

#define NS_PER_US 1000ULL

struct frame_list {
	const char *what;
	unsigned access; /* that the guest must have to the pieces */
	uint64_t gpa;
	uint64_t entry_count;
	struct bp_frame *memory; /* of the guest; only to write to */
	struct bp_frame entry[BP_MAX_FRAME_ENTRIES];
	struct iovec iov[BP_MAX_FRAME_ENTRIES];
	struct net_frame frame[BP_MAX_FRAMES];
	unsigned frame_count;
};

static enum call_outcome copy_list(struct call *c, struct frame_list *l)
{
	uint64_t bytes = l->entry_count * sizeof(l->entry[0]);

	if (l->entry_count > BP_MAX_FRAME_ENTRIES)
		return call_violation(c,
				      "net_io %s: a list of %llu entries, "
				      "where %d are allowed",
				      l->what,
				      (unsigned long long)l->entry_count,
				      BP_MAX_FRAME_ENTRIES);
	if (!bytes)
		return CALL_DONE;
	/* Lengths are written back to a list of buffers. */
	l->memory = guest_mem_range(&c->m->mem, l->gpa, bytes,
				    l->access | GUEST_READ);
	if (!l->memory)
		return call_bad_range(c, "net_io list", l->gpa, bytes);
	memcpy(l->entry, l->memory, bytes);
	return CALL_DONE;
}

/* Makes the next frame of the entries from *@at on, and advances it. */
static enum call_outcome add_frame(struct call *c, struct frame_list *l,
				   unsigned *at)
{
	struct net_frame *f = &l->frame[l->frame_count];
	uint64_t bytes = 0;
	bool more = true;

	if (l->frame_count == BP_MAX_FRAMES)
		return call_violation(c, "net_io %s: more than %d frames",
				      l->what, BP_MAX_FRAMES);
	f->iov = &l->iov[*at];
	f->iov_count = 0;
	while (more) {
		const struct bp_frame *e = &l->entry[*at];

		if (*at == l->entry_count)
			return call_violation(c,
					      "net_io %s: the last frame "
					      "has no end",
					      l->what);
		l->iov[*at].iov_len = e->bytes;
		l->iov[*at].iov_base = guest_mem_range(&c->m->mem, e->gpa,
						       e->bytes, l->access);
		if (!l->iov[*at].iov_base)
			return call_bad_range(c, "net_io frame", e->gpa,
					      e->bytes);
		bytes += e->bytes;
		more = e->flags & BP_FRAME_MORE;
		f->iov_count++;
		++*at;
	}
	if (bytes < BP_FRAME_MIN_BYTES ||
	    (bytes > BP_FRAME_MAX_BYTES && !(l->access & GUEST_WRITE)))
		return call_violation(c, "net_io %s: a frame of %llu bytes",
				      l->what, (unsigned long long)bytes);
	/* A buffer may be larger than any frame. */
	f->bytes = bytes < BP_FRAME_MAX_BYTES ? (uint32_t)bytes
					      : BP_FRAME_MAX_BYTES;
	l->frame_count++;
	return CALL_DONE;
}

static enum call_outcome read_list(struct call *c, struct frame_list *l)
{
	enum call_outcome outcome = copy_list(c, l);
	unsigned at = 0;

	while (outcome == CALL_DONE && at < l->entry_count)
		outcome = add_frame(c, l, &at);
	return outcome;
}

/* Tells the guest how much of each piece the first @count frames fill. */
static void write_lengths(const struct frame_list *l, unsigned count)
{
	struct bp_frame *to = l->memory;

	for (unsigned i = 0; i < count; i++) {
		uint32_t left = l->frame[i].bytes;

		for (unsigned j = 0; j < l->frame[i].iov_count; j++, to++) {
			size_t room = l->frame[i].iov[j].iov_len;
			uint32_t n = left < room ? left : (uint32_t)room;

			memcpy(&to->bytes, &n, sizeof(n));
			left -= n;
		}
	}
}

static int exchange(struct call *c, struct frame_list *out, unsigned *sent,
		    struct frame_list *in, unsigned *received)
{
	unsigned more = 0;
	int err = net_dev_exchange(&c->m->net[c->arg[0]], out->frame + *sent,
				   out->frame_count - *sent, &more, in->frame,
				   in->frame_count, received);

	*sent += more;
	return err;
}

/* For frames, as long as the guest said. False: the guest is to end. */
static bool wait_for_frames(struct call *c, uint64_t us)
{
	uint64_t ns =
		us == BP_NET_WAIT_FOREVER ? BP_WAIT_FOREVER : us * NS_PER_US;

	device_wait(c->m, 1ULL << c->arg[0], ns);
	return !interrupt_pending();
}

enum call_outcome call_net_io(struct call *c)
{
	struct frame_list out = {
		.what = "send",
		.access = GUEST_READ,
		.gpa = c->arg[1],
		.entry_count = c->arg[2],
	};
	struct frame_list in = {
		.what = "receive",
		.access = GUEST_WRITE,
		.gpa = c->arg[3],
		.entry_count = c->arg[4] & ((1U << BP_NET_ENTRIES_BITS) - 1),
	};
	const uint64_t us = c->arg[4] >> BP_NET_ENTRIES_BITS;
	struct token_bucket *limit;
	unsigned sent = 0, received = 0;
	enum call_outcome outcome;
	int err;

	if (c->arg[0] >= c->m->device_count ||
	    c->m->device[c->arg[0]].kind != BP_DEVICE_NET)
		return call_violation(c, "net_io: device %llu is not a network",
				      (unsigned long long)c->arg[0]);
	outcome = read_list(c, &out);
	if (outcome == CALL_DONE)
		outcome = read_list(c, &in);
	if (outcome != CALL_DONE)
		return outcome;
	limit = &c->m->device_limit[c->arg[0]];
	if (!limit_wait(limit))
		return CALL_STOPPED;
	err = exchange(c, &out, &sent, &in, &received);
	if (!err && !received && us) {
		if (!wait_for_frames(c, us))
			return CALL_STOPPED;
		err = exchange(c, &out, &sent, &in, &received);
	}
	if (err)
		return call_refused(c, BP_CLOSED);
	write_lengths(&in, received);
	for (unsigned i = 0; i < sent; i++)
		c->result->bytes += out.frame[i].bytes;
	for (unsigned i = 0; i < received; i++)
		c->result->bytes += in.frame[i].bytes;
	limit_take(limit, c->result->bytes);
	return call_done(c, (int64_t)sent | (int64_t)received << 16);
}
