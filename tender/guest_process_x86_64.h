/* SPDX-License-Identifier: ISC */
/* The child side of the process vCPU. */
#ifndef GUEST_PROCESS_X86_64_H
#define GUEST_PROCESS_X86_64_H

#include <sys/types.h>

struct guest_mem;

/* How a child that cannot go on says why, as its exit status. */
enum child_failure {
	CHILD_TRACE = 101,
	CHILD_MAP = 102,
};

/*
 * Makes a fresh child of @tender the guest that has @mem, and nothing else.
 * It ends in a fault that the tender, its tracer, sees: a SIGSEGV when all
 * went well, a SIGILL when there are no seccomp filters. Before that, it may
 * exit with a child_failure.
 */
_Noreturn void guest_process_become(const struct guest_mem *mem, pid_t tender);

#endif
