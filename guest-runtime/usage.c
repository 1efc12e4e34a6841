/* SPDX-License-Identifier: ISC */
/*
 * What has been used of time and memory. Time of the CPU is the time since the
 * start in which the guest did not sleep; the runtime's share is not told
 * apart, nor what the host gave to others meanwhile.
 */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/times.h>

#include "extent.h"
#include "memory_hook.h"
#include "rt_syscall.h"
#include "runtime.h"
#include "thread.h"

#define NS_PER_S    1000000000UL
#define NS_PER_US   1000UL
#define NS_PER_TICK 10000000UL /* sysconf(_SC_CLK_TCK) is 100 */

long __rt_sys_times(struct tms *to)
{
	if (to) {
		memset(to, 0, sizeof(*to));
		to->tms_utime = (clock_t)(__rt_cpu_ns() / NS_PER_TICK);
	}
	return (long)(__rt_monotonic_ns() / NS_PER_TICK);
}

long __rt_sys_getrusage(int who, struct rusage *to)
{
	size_t total = __rt_memory_total();
	uint64_t ns = who == RUSAGE_THREAD ? __rt_thread_cpu_ns(__rt_self)
					   : __rt_cpu_ns();

	if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN &&
	    who != RUSAGE_THREAD)
		return -EINVAL;
	/* What Linux knows of it: the rest of the type is musl's reserve. */
	memset(to, 0, offsetof(struct rusage, __reserved));
	if (who == RUSAGE_CHILDREN)
		return 0;
	to->ru_utime.tv_sec = (time_t)(ns / NS_PER_S);
	to->ru_utime.tv_usec = (suseconds_t)(ns % NS_PER_S / NS_PER_US);
	to->ru_maxrss = (long)((total - __rt_extent_free_bytes()) / 1024);
	return 0;
}

long __rt_sys_sysinfo(struct sysinfo *to)
{
	unsigned threads = 0;

	for (const struct rt_thread *t = __rt_all_threads; t; t = t->next)
		threads++;
	memset(to, 0, offsetof(struct sysinfo, __reserved));
	to->uptime = (unsigned long)(__rt_monotonic_ns() / NS_PER_S);
	to->totalram = __rt_memory_total();
	to->freeram = __rt_extent_free_bytes();
	to->procs = (unsigned short)threads;
	to->mem_unit = 1;
	return 0;
}
