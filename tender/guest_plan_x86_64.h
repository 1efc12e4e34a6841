/* SPDX-License-Identifier: ISC */
/* What the guest's process does before it is one: a list of system calls. */
#ifndef GUEST_PLAN_X86_64_H
#define GUEST_PLAN_X86_64_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct guest_mem;

/* The end of what a process may map. */
#define ADDRESSES_END 0x7ffffffff000ULL

#define PLAN_FILTER_LENGTH 19

/* What went wrong, as the child's exit status. */
enum child_failure {
	CHILD_GOES_ON, /* it does not matter */
	CHILD_TRACE = 101,
	CHILD_LOW_ADDRESS,
	CHILD_MEMORY, /* any call that says ENOMEM */
	CHILD_EXECUTABLE,
	CHILD_LOCK,
	CHILD_FILES,
	CHILD_FILTER,
	CHILD_UNMAP,
};

/* One system call of the child. */
struct child_call {
	uint64_t number;
	uint64_t arg[5];
	uint64_t result;  /* that it must have, */
	uint64_t failure; /* or this is why the child ends */
};

/* SSE, x87 and AVX state after reset (Intel SDM volume 1, 13.4 and 13.6). */
struct vector_state {
	_Alignas(64) uint16_t fcw;
	uint8_t before_mxcsr[22];
	uint32_t mxcsr;
	uint8_t rest[484];
	uint8_t xsave_header[64]; /* all zero: every component is initial */
	/*
	 * So none is read, but xrstor may fault where the last of them would
	 * end: with AMX that is 11008 bytes from the start.
	 */
	uint8_t components[16384 - 576];
};

_Static_assert(offsetof(struct vector_state, mxcsr) == 24 &&
		       offsetof(struct vector_state, xsave_header) == 512,
	       "as the CPU has them");

/* All that the child reads; in pages of its own. */
struct child_plan {
	struct vector_state vectors;
	struct sock_filter filter[PLAN_FILTER_LENGTH];
	struct sock_fprog program;
	size_t bytes; /* of the plan */
	struct child_call call[];
};

/*
 * Makes the plan of a child of this process that is to be the guest that has
 * @mem, and nobody's if @drop_ids. @last_call is the address behind the
 * instruction that makes the calls, which the last one unmaps. With *@key,
 * random, as its sixth argument, an mprotect() of the guest's passes the
 * filter. 0 or -errno: -ENOSYS when descriptors cannot be closed on this host.
 */
int guest_plan_make(struct child_plan **plan, const struct guest_mem *mem,
		    bool drop_ids, uint64_t last_call, uint64_t *key);

void guest_plan_free(struct child_plan *plan);

#endif
