/* SPDX-License-Identifier: ISC */
/*
 * What a debugger wants of a vCPU that does not run. Every kind of vCPU has
 * these; nothing of it costs anything as long as nobody asks.
 */
#ifndef VCPU_DEBUG_H
#define VCPU_DEBUG_H

#include <stdbool.h>
#include <stdint.h>

#include "vcpu.h"

struct cpu_state;

#define VCPU_MAX_WATCHES 4

enum vcpu_watch_kind {
	VCPU_WATCH_EXEC,
	VCPU_WATCH_WRITE,
	VCPU_WATCH_ACCESS,
};

struct vcpu_watch {
	enum vcpu_watch_kind kind;
	uint64_t address; /* a multiple of bytes */
	unsigned bytes;	  /* 1, 2, 4 or 8; of VCPU_WATCH_EXEC, 1 */
};

struct vcpu_debug_ops {
	/*
	 * Completes the hypercall that ->run last reported, if it was one, so
	 * that the vCPU is between two instructions of the guest, and reads
	 * its registers. 0, or -errno after printing why, as all of these.
	 */
	int (*read)(struct vcpu *vcpu, struct cpu_state *state);

	/*
	 * Sets the registers, after ->read. Also takes the guest back from a
	 * trap: without it, a guest that trapped must not be run again.
	 */
	int (*write)(struct vcpu *vcpu, const struct cpu_state *state);

	/*
	 * From now on ->run returns VCPU_TRAP with VCPU_DEBUG after each
	 * instruction that is not a hypercall. To be called between ->read and
	 * ->write of the stop at which that changes.
	 */
	int (*step)(struct vcpu *vcpu, bool on);

	/*
	 * Traps with VCPU_DEBUG at these; replaces the ones before. The guest
	 * is stopped, as for ->step. -ENOTSUP without a word when this host
	 * cannot.
	 */
	int (*watch)(struct vcpu *vcpu, const struct vcpu_watch *watch,
		     unsigned count);

	/* After such a trap: *@hits has bit i when watch[i] was the reason. */
	int (*watch_hits)(struct vcpu *vcpu, unsigned *hits);
};

#endif
