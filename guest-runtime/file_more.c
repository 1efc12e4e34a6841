/* SPDX-License-Identifier: ISC */
/* Calls on descriptors that few programs make. */
#include <errno.h>
#include <fcntl.h>

#include "file.h"
#include "rt_syscall.h"

#define RANGE_UNSHARE 2U /* linux/close_range.h */
#define RANGE_CLOEXEC 4U
#define RWF_HIPRI_    1 /* linux/fs.h */
#define RWF_DSYNC_    2
#define RWF_SYNC_     4

long __rt_sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	if (first > last || (flags & ~(RANGE_UNSHARE | RANGE_CLOEXEC)))
		return -EINVAL;
	for (unsigned fd = first; fd <= last && fd < RT_MAX_FDS; fd++) {
		if (!__rt_file((int)fd))
			continue;
		if (flags & RANGE_CLOEXEC)
			__rt_fds[fd].flags |= FD_CLOEXEC;
		else
			__rt_sys_close((int)fd);
	}
	return 0;
}

/* -1 stands for the file's own offset. @high is for other machines. */
long __rt_sys_preadv2(int fd, const struct iovec *iov, int count,
		      int64_t offset, long high, int flags)
{
	(void)high;
	if (flags & ~RWF_HIPRI_)
		return -EOPNOTSUPP;
	return offset == -1 ? __rt_sys_readv(fd, iov, count)
			    : __rt_sys_preadv(fd, iov, count, offset);
}

long __rt_sys_pwritev2(int fd, const struct iovec *iov, int count,
		       int64_t offset, long high, int flags)
{
	long n, err;

	(void)high;
	if (flags & ~(RWF_HIPRI_ | RWF_DSYNC_ | RWF_SYNC_))
		return -EOPNOTSUPP;
	n = offset == -1 ? __rt_sys_writev(fd, iov, count)
			 : __rt_sys_pwritev(fd, iov, count, offset);
	if (n <= 0 || !(flags & (RWF_DSYNC_ | RWF_SYNC_)))
		return n;
	err = flags & RWF_SYNC_ ? __rt_sys_fsync(fd) : __rt_sys_fdatasync(fd);
	/* What cannot be synced is always up to date. */
	return err && err != -EINVAL ? err : n;
}

long __rt_sys_creat(const char *path, unsigned mode)
{
	return __rt_sys_open(path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
