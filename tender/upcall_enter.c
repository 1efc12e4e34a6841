/* SPDX-License-Identifier: ISC */
#include "upcall_enter.h"

#include <errno.h>
#include <string.h>

#include "event.h"
#include "machine.h"
#include "upcall.h"

/*
 * The guest's frame, where it wants an upcall of @kind and can take one. It
 * may have given up the memory since it named it.
 */
static struct bp_upcall_frame *frame_of(const struct machine *m,
					enum bp_upcall_kind kind)
{
	const struct upcall_target *t = &m->upcall;
	struct bp_upcall_frame *frame;

	if (!t->entry || !(t->kinds & 1ULL << kind))
		return NULL;
	frame = guest_mem_range(&m->mem, t->frame, sizeof(*frame),
				GUEST_READ | GUEST_WRITE);
	return frame && !frame->busy ? frame : NULL;
}

/* 0, or as ->interrupted says. */
static int enter(struct machine *m, struct bp_upcall_frame *to,
		 struct bp_upcall_frame *frame)
{
	const struct upcall_target *t = &m->upcall;
	struct vcpu *vcpu = m->vcpu;
	int err;

	frame->busy = 1;
	err = vcpu->ops->interrupted(vcpu, frame);
	if (err)
		return err;
	memcpy(to, frame, sizeof(*frame));
	return vcpu->ops->enter(vcpu, t->entry, t->stack, t->frame);
}

static int make_signal(struct machine *m)
{
	struct bp_upcall_frame frame = {
		.kind = BP_UPCALL_SIGNAL,
		.signal = (uint32_t)event_signal(),
	};
	struct bp_upcall_frame *to = frame_of(m, BP_UPCALL_SIGNAL);
	int err = to ? enter(m, to, &frame) : -EAGAIN;

	if (!err)
		event_signal_taken();
	if (err != -EAGAIN)
		return err;
	event_look_again();
	return 0;
}

static int make_tick(struct machine *m)
{
	struct bp_upcall_frame frame = {.kind = BP_UPCALL_TICK};
	struct bp_upcall_frame *to = frame_of(m, BP_UPCALL_TICK);
	int err = to ? enter(m, to, &frame) : 0;

	return err == -EAGAIN ? 0 : err;
}

bool upcall_interrupted(struct machine *m)
{
	bool tick = event_tick_take();

	if (event_signal())
		return make_signal(m) == 0;
	return tick ? make_tick(m) == 0 : true;
}

int upcall_trap(struct machine *m, const struct vcpu_exit *exit)
{
	struct bp_upcall_frame frame = {
		.kind = BP_UPCALL_TRAP,
		.signal = (uint32_t)exit->trap.signal,
		.code = exit->trap.code,
		.address = exit->trap.has_address ? exit->trap.address : 0,
		.error = exit->trap.error,
		.vector = exit->trap.vector,
	};
	struct bp_upcall_frame *to = frame_of(m, BP_UPCALL_TRAP);
	int err;

	if (!exit->trap.resumable || !to)
		return 0;
	err = enter(m, to, &frame);
	return err ? err : 1;
}
