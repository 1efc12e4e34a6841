/* SPDX-License-Identifier: ISC */
/* Makes the guest's upcalls (boot-protocol/upcall.h). */
#ifndef UPCALL_ENTER_H
#define UPCALL_ENTER_H

#include <stdbool.h>
#include <stdint.h>

struct machine;
struct vcpu_exit;

/* What the guest registered. */
struct upcall_target {
	uint64_t entry; /* 0: nothing */
	uint64_t frame;
	uint64_t stack;
	uint64_t kinds; /* bit n: enum bp_upcall_kind n */
};

/*
 * To be called when the vCPU was interrupted: makes the upcall that is due, or
 * sees to it that it will be. False after printing why the tender has to end.
 */
bool upcall_interrupted(struct machine *m);

/*
 * Tells the guest of the trap @exit. 1 when it goes on in its handler, 0 when
 * it cannot handle it, -errno after printing why the tender has to end.
 */
int upcall_trap(struct machine *m, const struct vcpu_exit *exit);

#endif
