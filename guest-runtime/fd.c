/* SPDX-License-Identifier: ISC */
/* Descriptors themselves: more of them for one file, and their flags. */
#include <errno.h>
#include <fcntl.h>

#include "file.h"
#include "lock.h"
#include "rt_syscall.h"

static long duplicate(struct rt_file *file, int lowest, int flags)
{
	int fd = __rt_fd_find(lowest);

	if (fd >= 0)
		__rt_fd_set(fd, file, flags);
	return fd;
}

long __rt_sys_dup(int fd)
{
	struct rt_file *f = __rt_file(fd);

	return f ? duplicate(f, 0, 0) : -EBADF;
}

long __rt_sys_dup3(int from, int to, int flags)
{
	struct rt_file *f = __rt_file(from);

	if (!f || to < 0 || to >= __rt_fd_limit)
		return -EBADF;
	if (from == to || (flags & ~O_CLOEXEC))
		return -EINVAL;
	__rt_sys_close(to);
	__rt_fd_set(to, f, flags & O_CLOEXEC ? FD_CLOEXEC : 0);
	return to;
}

long __rt_sys_dup2(int from, int to)
{
	if (from == to)
		return __rt_file(from) ? to : -EBADF;
	return __rt_sys_dup3(from, to, 0);
}

long __rt_sys_fcntl(int fd, int command, long arg)
{
	const int settable = O_APPEND | O_NONBLOCK | O_NOATIME | O_DIRECT;
	/* Asked for at open(), and not there to be seen afterwards. */
	const int hidden = O_CREAT | O_EXCL | O_TRUNC | O_NOCTTY | O_CLOEXEC;
	struct rt_file *f = __rt_file(fd);

	if (!f)
		return -EBADF;
	switch (command) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if (arg < 0 || arg >= __rt_fd_limit)
			return -EINVAL;
		return duplicate(f, (int)arg,
				 command == F_DUPFD_CLOEXEC ? FD_CLOEXEC : 0);
	case F_GETFD:
		return __rt_fds[fd].flags;
	case F_SETFD:
		__rt_fds[fd].flags = (int)arg & FD_CLOEXEC;
		return 0;
	case F_GETFL:
		return f->flags & ~hidden;
	case F_SETFL:
		if (f->flags & O_PATH)
			return -EBADF;
		f->flags = (f->flags & ~settable) | ((int)arg & settable);
		return 0;
	case F_SETPIPE_SZ:
	case F_GETPIPE_SZ:
		if (!f->ops->pipe_size || (f->flags & O_PATH))
			return -EBADF;
		if (command == F_GETPIPE_SZ)
			return f->ops->pipe_size(f, 0);
		return f->ops->pipe_size(f, arg ? arg : 1);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		if (f->flags & O_PATH)
			return -EBADF;
		return __rt_lock_fcntl(f, command, arg);
	default:
		return -EINVAL;
	}
}
