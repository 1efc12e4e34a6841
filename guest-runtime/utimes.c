/* SPDX-License-Identifier: ISC */
/* Times of files, as they were set before utimensat(2). */
#include <errno.h>
#include <fcntl.h>
#include <sys/time.h>
#include <utime.h>

#include "rt_syscall.h"

#define US_PER_S 1000000

long __rt_sys_futimesat(int dir, const char *path, const struct timeval *times)
{
	struct timespec t[2];

	if (!times)
		return __rt_sys_utimensat(dir, path, NULL, 0);
	for (int i = 0; i < 2; i++) {
		if (times[i].tv_usec < 0 || times[i].tv_usec >= US_PER_S)
			return -EINVAL;
		t[i].tv_sec = times[i].tv_sec;
		t[i].tv_nsec = times[i].tv_usec * 1000;
	}
	return __rt_sys_utimensat(dir, path, t, 0);
}

long __rt_sys_utimes(const char *path, const struct timeval *times)
{
	return __rt_sys_futimesat(AT_FDCWD, path, times);
}

long __rt_sys_utime(const char *path, const struct utimbuf *times)
{
	struct timespec t[2];

	if (!times)
		return __rt_sys_utimensat(AT_FDCWD, path, NULL, 0);
	t[0] = (struct timespec){.tv_sec = times->actime};
	t[1] = (struct timespec){.tv_sec = times->modtime};
	return __rt_sys_utimensat(AT_FDCWD, path, t, 0);
}
