/* SPDX-License-Identifier: ISC */
/* For syscall(2), whose number is an argument. Drags in every system call. */
#include <sys/syscall.h>

#include "rt_syscall.h"

long __rt_syscall_by_number(long n, long a, long b, long c, long d, long e,
			    long f)
{
	return __rt_syscall(__rt_enter, n, a, b, c, d, e, f);
}
