/* SPDX-License-Identifier: ISC */
/* Limits of resources. Only the number of descriptors is held to one. */
#include <errno.h>
#include <sys/resource.h>

#include "file.h"
#include "rt_syscall.h"

#define STACK_BYTES 0x800000UL
#define NONE                                 \
	{                                    \
		RLIM_INFINITY, RLIM_INFINITY \
	}

static struct rlimit limits[] = {
	[RLIMIT_CPU] = NONE,
	[RLIMIT_FSIZE] = NONE,
	[RLIMIT_DATA] = NONE,
	[RLIMIT_STACK] = {STACK_BYTES, STACK_BYTES},
	[RLIMIT_CORE] = {0, RLIM_INFINITY},
	[RLIMIT_RSS] = NONE,
	[RLIMIT_NPROC] = NONE,
	[RLIMIT_NOFILE] = {RT_MAX_FDS, RT_MAX_FDS},
	[RLIMIT_MEMLOCK] = NONE,
	[RLIMIT_AS] = NONE,
	[RLIMIT_LOCKS] = NONE,
	[RLIMIT_SIGPENDING] = NONE,
	[RLIMIT_MSGQUEUE] = {0, 0},
	[RLIMIT_NICE] = {0, 0},
	[RLIMIT_RTPRIO] = {0, 0},
	[RLIMIT_RTTIME] = NONE,
};

_Static_assert(sizeof(limits) / sizeof(limits[0]) == RLIM_NLIMITS,
	       "a limit of each kind");

static long set(int which, const struct rlimit *to)
{
	if (to->rlim_cur > to->rlim_max)
		return -EINVAL;
	if (to->rlim_max > limits[which].rlim_max &&
	    (which == RLIMIT_NOFILE || __rt_sys_geteuid()))
		return -EPERM;
	limits[which] = *to;
	if (which == RLIMIT_NOFILE)
		__rt_fd_limit = (int)to->rlim_cur;
	return 0;
}

long __rt_sys_prlimit64(int pid, int which, const struct rlimit *new,
			struct rlimit *old)
{
	struct rlimit was;
	long err;

	if (which < 0 || which >= RLIM_NLIMITS)
		return -EINVAL;
	if (pid != 0 && pid != 1)
		return -ESRCH;
	was = limits[which];
	err = new ? set(which, new) : 0;
	if (!err && old)
		*old = was;
	return err;
}

long __rt_sys_getrlimit(int which, struct rlimit *to)
{
	return __rt_sys_prlimit64(0, which, NULL, to);
}

long __rt_sys_setrlimit(int which, const struct rlimit *to)
{
	return __rt_sys_prlimit64(0, which, to, NULL);
}
