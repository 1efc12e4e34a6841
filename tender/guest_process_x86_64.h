/* SPDX-License-Identifier: ISC */
/* The child side of the process vCPU. */
#ifndef GUEST_PROCESS_X86_64_H
#define GUEST_PROCESS_X86_64_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct guest_mem;

/* How a child that cannot go on says why, as its exit status. */
enum child_failure {
	CHILD_TRACE = 101, /* it must not be traced */
	CHILD_MAP,	   /* guest memory cannot be where it has to */
	CHILD_CLOSE,	   /* there is no close_range() */
	CHILD_FILTER,	   /* there are no seccomp filters */
};

/*
 * Makes a child process that becomes the guest that has @mem, and nothing
 * else; the regions of @mem must be known by now. Its process id or -errno.
 *
 * The child stops in a fault that the tender, its tracer, sees: all went well,
 * the vector registers are as after reset, and it is ready for its first
 * registers. Or it exits, with a child_failure.
 */
pid_t guest_process_start(const struct guest_mem *mem);

/* Whether @info, of a signal that stopped the child, is that fault. */
bool guest_process_is_ready(const siginfo_t *info);

#endif
