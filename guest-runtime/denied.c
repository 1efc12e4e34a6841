/* SPDX-License-Identifier: ISC */
/* Calls with one answer, which is true, whoever asks. */
#include <errno.h>

#include "rt_syscall.h"

/* The host sets its clock. */
long __rt_sys_clock_settime(int clock, const struct timespec *t)
{
	(void)clock, (void)t;
	return -EPERM;
}

long __rt_sys_settimeofday(const struct timeval *t, const void *zone)
{
	(void)t, (void)zone;
	return -EPERM;
}

/* There is no kernel that has a log. */
long __rt_sys_syslog(int type, char *data, int bytes)
{
	(void)type, (void)data, (void)bytes;
	return -EPERM;
}

/* There are no other processes. */
long __rt_sys_wait4(int pid, int *status, int options, void *usage)
{
	(void)pid, (void)status, (void)options, (void)usage;
	return -ECHILD;
}

long __rt_sys_waitid(int type, int id, void *info, int options, void *usage)
{
	(void)type, (void)id, (void)info, (void)options, (void)usage;
	return -ECHILD;
}

/* No kind of file can: programs then copy. */
long __rt_sys_splice(int from, int64_t *from_at, int to, int64_t *to_at,
		     size_t bytes, unsigned flags)
{
	(void)from, (void)from_at, (void)to, (void)to_at, (void)bytes;
	(void)flags;
	return -EINVAL;
}

long __rt_sys_tee(int from, int to, size_t bytes, unsigned flags)
{
	(void)from, (void)to, (void)bytes, (void)flags;
	return -EINVAL;
}

/* No queue of requests knows of priorities. */
long __rt_sys_ioprio_get(int which, int who)
{
	(void)who;
	return which < 1 || which > 3 ? -EINVAL : 0;
}

long __rt_sys_ioprio_set(int which, int who, int priority)
{
	(void)who, (void)priority;
	return which < 1 || which > 3 ? -EINVAL : 0;
}
