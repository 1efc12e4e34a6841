/* SPDX-License-Identifier: ISC */
#include <time.h>

#include "rt_syscall.h"
#include "vnode.h"

void __rt_now(struct timespec *to)
{
	__rt_sys_clock_gettime(CLOCK_REALTIME, to);
}
