/* SPDX-License-Identifier: ISC */
/* Serves hypercalls (boot-protocol/hypercall.h). */
#ifndef HYPERCALL_DISPATCH_H
#define HYPERCALL_DISPATCH_H

#include <stdint.h>

struct machine;
struct vcpu_exit;

enum call_outcome {
	CALL_DONE,	/* answered: the guest goes on */
	CALL_EXIT,	/* the guest ended itself */
	CALL_STOPPED,	/* the time limit cut the call short */
	CALL_VIOLATION, /* the guest broke the contract */
	CALL_FAILED,	/* the tender could not; printed why */
};

struct call_result {
	int exit_status; /* CALL_EXIT: 0 to 255 */
	uint64_t bytes;	 /* of data that were moved, or were to be */
	char what[160];	 /* CALL_VIOLATION: what was wrong with it */
};

/*
 * Serves the hypercall in @exit and gives the vCPU its result.
 *
 * Whatever it is asked, it either answers or says CALL_VIOLATION; guest data
 * that decides anything is copied before it is checked.
 */
enum call_outcome hypercall_dispatch(struct machine *m,
				     const struct vcpu_exit *exit,
				     struct call_result *result);

#endif
