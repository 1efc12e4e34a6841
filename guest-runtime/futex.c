/* SPDX-License-Identifier: ISC */
/*
 * futex(2) without a time, as libc's own locks call it. As long as there is one
 * thread, and none of the calls of futex_wait.c was made, nobody waits who
 * could be woken; an image without threads has no more than this.
 */
#include "futex.h"

#include <errno.h>
#include <signal.h>

#include "hypercall_x86_64.h"
#include "rt_syscall.h"
#include "runtime.h"
#include "thread.h"

long (*__rt_futex)(int *address, int op, int value, const void *timeout,
		   int *address2, int value3);

void __rt_futex_deadlock(void)
{
	__rt_complain("deadlock: waiting for a thread, but there is only one",
		      (char *)NULL);
	hypercall_exit(128 + SIGABRT);
}

long __rt_sys_futex_untimed(int *address, int op, int value)
{
	if (__rt_futex)
		return __rt_futex(address, op, value, NULL, NULL, 0);
	if ((op & FUTEX_COMMANDS) != FUTEX_WAIT)
		return 0;
	if (*(volatile int *)address != value)
		return -EAGAIN;
	__rt_futex_deadlock();
}
