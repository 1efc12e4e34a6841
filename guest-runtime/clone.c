/* SPDX-License-Identifier: ISC */
/* In place of musl's, which would refuse a thread without a word. */
#include <sys/syscall.h>

#include "rt_syscall.h"

int __clone(int (*function)(void *), void *stack, int flags, void *argument,
	    ...);

int __clone(int (*function)(void *), void *stack, int flags, void *argument,
	    ...)
{
	(void)function, (void)stack, (void)flags, (void)argument;
	return (int)__rt_sys_missing(SYS_clone);
}
