/* SPDX-License-Identifier: ISC */
/*
 * Scheduling as it can be asked about. There is one CPU, all threads are of
 * the ordinary kind, and none goes before another.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "rt_syscall.h"
#include "thread.h"

#define PRIORITY_MAX 99

static int is_thread(int tid)
{
	return tid == 0 || (tid > 0 && __rt_thread_find(tid));
}

long __rt_sys_sched_setaffinity(int tid, size_t bytes, const void *set)
{
	if (!is_thread(tid))
		return -ESRCH;
	return bytes && *(const unsigned char *)set & 1 ? 0 : -EINVAL;
}

long __rt_sys_sched_getaffinity(int tid, size_t bytes, void *set)
{
	const uint64_t one = 1;

	if (bytes < sizeof(one) || bytes % sizeof(one))
		return -EINVAL;
	if (!is_thread(tid))
		return -ESRCH;
	memcpy(set, &one, sizeof(one));
	return sizeof(one);
}

/* Being ahead of others for ever is a promise that nobody keeps here. */
long __rt_sys_sched_setscheduler(int tid, int policy, const void *param)
{
	int priority = *(const int *)param;

	if (tid < 0 || policy < 0)
		return -EINVAL;
	if (!is_thread(tid))
		return -ESRCH;
	switch (policy & ~SCHED_RESET_ON_FORK) {
	case SCHED_OTHER:
	case SCHED_BATCH:
	case SCHED_IDLE:
		return priority ? -EINVAL : 0;
	case SCHED_FIFO:
	case SCHED_RR:
		return priority < 1 || priority > PRIORITY_MAX ? -EINVAL
							       : -EPERM;
	default:
		return -EINVAL;
	}
}

long __rt_sys_sched_getscheduler(int tid)
{
	if (tid < 0)
		return -EINVAL;
	return is_thread(tid) ? SCHED_OTHER : -ESRCH;
}

long __rt_sys_sched_setparam(int tid, const void *param)
{
	return __rt_sys_sched_setscheduler(tid, SCHED_OTHER, param);
}

long __rt_sys_sched_getparam(int tid, void *param)
{
	if (tid < 0)
		return -EINVAL;
	if (!is_thread(tid))
		return -ESRCH;
	*(int *)param = 0;
	return 0;
}

static long priority_limit(int policy, int of_real_time)
{
	switch (policy) {
	case SCHED_OTHER:
	case SCHED_BATCH:
	case SCHED_IDLE:
		return 0;
	case SCHED_FIFO:
	case SCHED_RR:
		return of_real_time;
	default:
		return -EINVAL;
	}
}

long __rt_sys_sched_get_priority_max(int policy)
{
	return priority_limit(policy, PRIORITY_MAX);
}

long __rt_sys_sched_get_priority_min(int policy)
{
	return priority_limit(policy, 1);
}

long __rt_sys_sched_rr_get_interval(int tid, struct timespec *t)
{
	if (tid < 0)
		return -EINVAL;
	if (!is_thread(tid))
		return -ESRCH;
	*t = (struct timespec){.tv_nsec = 10000000};
	return 0;
}

/* 20 minus what nice(2) calls 0: getpriority(2), "C library/kernel". */
long __rt_sys_getpriority(int which, int who)
{
	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	return which != PRIO_PROCESS || is_thread(who) ? 20 : -ESRCH;
}

long __rt_sys_setpriority(int which, int who, int priority)
{
	(void)priority;
	return __rt_sys_getpriority(which, who) < 0
		       ? __rt_sys_getpriority(which, who)
		       : 0;
}

long __rt_sys_getcpu(unsigned *cpu, unsigned *node, void *cache)
{
	(void)cache;
	if (cpu)
		*cpu = 0;
	if (node)
		*node = 0;
	return 0;
}

/* With one CPU every thread sees what another one has written. */
long __rt_sys_membarrier(int command, unsigned flags, int cpu)
{
	enum { QUERY = 0, PRIVATE = 1 << 3, REGISTER_PRIVATE = 1 << 4 };

	(void)cpu;
	if (flags)
		return -EINVAL;
	switch (command) {
	case QUERY:
		return PRIVATE | REGISTER_PRIVATE;
	case PRIVATE:
	case REGISTER_PRIVATE:
		return 0;
	default:
		return -EINVAL;
	}
}
