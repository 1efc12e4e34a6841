/* SPDX-License-Identifier: ISC */
/* The one process there is: its end, its identity, its randomness. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "hypercall_x86_64.h"
#include "rt_syscall.h"
#include "runtime.h"

#define RANDOM_MAX_BYTES 0x1ffffff /* as Linux: getrandom(2) */

void (*__rt_at_exit)(void);

long __rt_sys_exit(int status)
{
	if (__rt_at_exit)
		__rt_at_exit();
	hypercall_exit(status);
}

long __rt_sys_exit_group(int status)
{
	return __rt_sys_exit(status);
}

long __rt_sys_set_thread_area(uintptr_t address)
{
	if (__rt_boot->flags & BP_BOOT_FSGSBASE)
		__asm__ volatile("wrfsbase %0" : : "r"(address) : "memory");
	else
		hypercall_set_tls(address);
	return 0;
}

long __rt_sys_set_tid_address(int *address)
{
	(void)address;
	return 1;
}

long __rt_sys_gettid(void)
{
	return 1;
}

long __rt_sys_getpid(void)
{
	return 1;
}

long __rt_sys_getppid(void)
{
	return 0;
}

long __rt_sys_getuid(void)
{
	return 0;
}

long __rt_sys_geteuid(void)
{
	return 0;
}

long __rt_sys_getgid(void)
{
	return 0;
}

long __rt_sys_getegid(void)
{
	return 0;
}

long __rt_sys_sched_yield(void)
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

long __rt_sys_uname(struct utsname *u)
{
	memset(u, 0, sizeof(*u));
	strcpy(u->sysname, "Linux"); /* the interface programs ask for */
	strcpy(u->nodename, "hvt");
	strcpy(u->release, "6.1.0-hvt");
	strcpy(u->version, "hvt");
	strcpy(u->machine, "x86_64");
	return 0;
}

/*
 * With one thread nobody can wake a waiter: a wait whose value still holds
 * ends when its time is over; one without a time is a deadlock.
 */
long __rt_sys_futex(int *address, int op, int value, const void *timeout,
		    int *address2, int value3)
{
	const int command = op & 0x7f, wait = 0, wait_bitset = 9;
	const int realtime = op & 0x100; /* FUTEX_CLOCK_REALTIME */

	(void)address2, (void)value3;
	if (command != wait && command != wait_bitset)
		return 0;
	if (*(volatile int *)address != value)
		return -EAGAIN;
	if (timeout) {
		/* FUTEX_WAIT is relative, FUTEX_WAIT_BITSET absolute. */
		long err = __rt_sys_clock_nanosleep(
			realtime ? CLOCK_REALTIME : CLOCK_MONOTONIC,
			command == wait ? 0 : TIMER_ABSTIME, timeout, NULL);

		return err ? err : -ETIMEDOUT;
	}
	__rt_complain("deadlock: waiting for a thread, but there is only one",
		      (char *)NULL);
	hypercall_exit(128 + SIGABRT);
}
