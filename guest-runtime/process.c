/* SPDX-License-Identifier: ISC */
/* The one process there is: its end, its identity, its randomness. */
#include <errno.h>

#include "hypercall_x86_64.h"
#include "rt_syscall.h"
#include "runtime.h"
#include "thread.h"

#define RANDOM_MAX_BYTES 0x1ffffff /* as Linux: getrandom(2) */

void (*__rt_at_exit)(void);

long __rt_sys_exit_group(int status)
{
	if (__rt_at_exit)
		__rt_at_exit();
	hypercall_exit(status);
}

long __rt_sys_exit(int status)
{
	if (__rt_scheduler)
		__rt_scheduler->exit();
	return __rt_sys_exit_group(status);
}

long __rt_sys_set_thread_area(uintptr_t address)
{
	if (__rt_boot->flags & BP_BOOT_FSGSBASE)
		__asm__ volatile("wrfsbase %0" : : "r"(address) : "memory");
	else
		hypercall_set_tls(address);
	__rt_self->tls = address;
	return 0;
}

long __rt_sys_getpid(void)
{
	return 1;
}

long __rt_sys_getppid(void)
{
	return 0;
}

long __rt_sys_getrandom(void *data, size_t bytes, unsigned flags)
{
	(void)flags;
	if (bytes > RANDOM_MAX_BYTES)
		bytes = RANDOM_MAX_BYTES;
	if (bytes && hypercall_random(data, bytes) < 0)
		return -EIO;
	return (long)bytes;
}
