/* SPDX-License-Identifier: ISC */
#include "vcpu.h"

#include <signal.h>

#include "guest_memory.h"
#include "upcall.h"

#define VECTOR_PAGE_FAULT 14

void vcpu_exit_trap(struct vcpu_exit *exit, int signal, const char *what)
{
	*exit = (struct vcpu_exit){
		.kind = VCPU_TRAP,
		.trap.signal = signal,
		.trap.what = what,
	};
}

void vcpu_exit_no_data(struct vcpu_exit *exit)
{
	vcpu_exit_trap(exit, SIGBUS,
		       "a mapped disk cannot be read there: the host has an "
		       "I/O error, or its file became shorter");
	exit->trap.resumable = true;
	exit->trap.vector = VECTOR_PAGE_FAULT;
	exit->trap.code = BP_TRAP_NO_DATA;
}

int vcpu_guest_mem_init(const struct vcpu_ops *ops, struct guest_mem *mem,
			uint64_t bytes, uint64_t window_bytes)
{
	uint64_t table_bytes = ops->table_bytes(bytes, window_bytes);

	if (ops->shares_memory)
		return guest_mem_init_shared(mem, bytes, table_bytes);
	return guest_mem_init(mem, bytes, table_bytes);
}
