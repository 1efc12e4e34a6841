/* SPDX-License-Identifier: ISC */
#include "vcpu.h"

#include "guest_memory.h"

void vcpu_exit_trap(struct vcpu_exit *exit, int signal, const char *what)
{
	*exit = (struct vcpu_exit){
		.kind = VCPU_TRAP,
		.trap.signal = signal,
		.trap.what = what,
	};
}

int vcpu_guest_mem_init(const struct vcpu_ops *ops, struct guest_mem *mem,
			uint64_t bytes)
{
	uint64_t table_bytes = ops->table_bytes(bytes);

	if (ops->shares_memory)
		return guest_mem_init_shared(mem, bytes, table_bytes);
	return guest_mem_init(mem, bytes, table_bytes);
}
