/* SPDX-License-Identifier: ISC */
/* Position, size and flags of descriptors. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "rt_syscall.h"

#define BLOCK_BYTES 4096

long __rt_sys_lseek(int fd, int64_t offset, int whence)
{
	struct rt_file *f = __rt_file(fd);
	int64_t base;

	if (!f)
		return -EBADF;
	if (!f->ops->size)
		return -ESPIPE;
	switch (whence) {
	case SEEK_SET:
		base = 0;
		break;
	case SEEK_CUR:
		base = (int64_t)f->offset;
		break;
	case SEEK_END:
		base = (int64_t)f->ops->size(f);
		break;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, offset, &base))
		return -EOVERFLOW;
	if (base < 0)
		return -EINVAL;
	f->offset = (uint64_t)base;
	return base;
}

static void fill_stat(struct rt_file *f, struct stat *st)
{
	memset(st, 0, sizeof(*st));
	st->st_mode = f->ops->mode;
	st->st_nlink = 1;
	st->st_blksize = BLOCK_BYTES;
	st->st_ino = 1 + (uintptr_t)f->ops + f->device;
	st->st_rdev = f->device + 1;
}

long __rt_sys_fstat(int fd, struct stat *st)
{
	struct rt_file *f = __rt_file(fd);

	if (!f)
		return -EBADF;
	fill_stat(f, st);
	return 0;
}

long __rt_sys_fsync(int fd)
{
	struct rt_file *f = __rt_file(fd);

	if (!f)
		return -EBADF;
	return f->ops->sync ? f->ops->sync(f) : -EINVAL;
}

long __rt_sys_fdatasync(int fd)
{
	return __rt_sys_fsync(fd);
}

long __rt_sys_fcntl(int fd, int command, long arg)
{
	const int settable = O_APPEND | O_NONBLOCK;
	struct rt_file *f = __rt_file(fd);

	if (!f)
		return -EBADF;
	switch (command) {
	case F_GETFD:
		return f->flags & O_CLOEXEC ? FD_CLOEXEC : 0;
	case F_SETFD:
		f->flags &= ~O_CLOEXEC;
		f->flags |= arg & FD_CLOEXEC ? O_CLOEXEC : 0;
		return 0;
	case F_GETFL:
		return f->flags & ~O_CLOEXEC;
	case F_SETFL:
		f->flags = (f->flags & ~settable) | ((int)arg & settable);
		return 0;
	default:
		return -EINVAL;
	}
}

/* The only paths there are: /dev and the devices in it. */
static int find(struct rt_file *file, const char *path, int flags)
{
	static const char dev[] = "/dev/";
	int err;

	if (!*path)
		return -ENOENT;
	if (strncmp(path, dev, sizeof(dev) - 1))
		return flags & O_CREAT ? -EROFS : -ENOENT;
	err = __rt_device_open(file, path + sizeof(dev) - 1, flags);
	if (!err && (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return -EEXIST;
	return err;
}

long __rt_sys_open(const char *path, int flags, unsigned mode)
{
	int err;

	(void)mode;
	for (int fd = 0; fd < RT_MAX_FDS; fd++) {
		struct rt_file *f = &__rt_files[fd];

		if (f->ops)
			continue;
		f->offset = 0;
		f->device = 0;
		f->flags = flags & ~(O_CREAT | O_EXCL | O_TRUNC | O_NOCTTY);
		err = find(f, path, flags);
		if (err)
			f->ops = NULL;
		return err ? err : fd;
	}
	return -EMFILE;
}

long __rt_sys_openat(int dir, const char *path, int flags, unsigned mode)
{
	if (path[0] != '/' && dir != AT_FDCWD)
		return __rt_file(dir) ? -ENOTDIR : -EBADF;
	return __rt_sys_open(path, flags, mode);
}

long __rt_sys_stat(const char *path, struct stat *st)
{
	struct rt_file file = {.flags = O_RDONLY};
	int err = find(&file, path, O_RDONLY);

	if (!err)
		fill_stat(&file, st);
	return err;
}

long __rt_sys_lstat(const char *path, struct stat *st)
{
	return __rt_sys_stat(path, st);
}

long __rt_sys_newfstatat(int dir, const char *path, struct stat *st, int flags)
{
	if (!*path && (flags & AT_EMPTY_PATH))
		return __rt_sys_fstat(dir, st);
	return __rt_sys_stat(path, st);
}
