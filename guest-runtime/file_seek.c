/* SPDX-License-Identifier: ISC */
/* Position, status and durability of what a descriptor names. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "rt_syscall.h"

#define BLOCK_BYTES 4096

long __rt_sys_lseek(int fd, int64_t offset, int whence)
{
	struct rt_file *f = __rt_file(fd);
	int64_t base;

	if (!f || (f->flags & O_PATH))
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
	case SEEK_DATA:
	case SEEK_HOLE:
		if (!f->ops->seek)
			return -EINVAL;
		base = offset < 0 ? -ENXIO
				  : f->ops->seek(f, (uint64_t)offset,
						 whence == SEEK_HOLE);
		if (base < 0)
			return base;
		offset = 0;
		break;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, offset, &base) || base < 0)
		return -EINVAL;
	f->offset = (uint64_t)base;
	return base;
}

long __rt_sys_fstat(int fd, struct stat *st)
{
	struct rt_file *f = __rt_file(fd);

	if (!f)
		return -EBADF;
	memset(st, 0, sizeof(*st));
	if (f->ops->stat) {
		f->ops->stat(f, st);
		return 0;
	}
	st->st_mode = f->ops->mode;
	st->st_nlink = 1;
	st->st_blksize = BLOCK_BYTES;
	st->st_ino = 1 + f->device;
	if (S_ISCHR(st->st_mode))
		st->st_rdev = f->device + 1;
	return 0;
}

static long sync_file(int fd, int data_only)
{
	struct rt_file *f = __rt_file(fd);

	if (!f || (f->flags & O_PATH))
		return -EBADF;
	return f->ops->sync ? f->ops->sync(f, data_only) : -EINVAL;
}

long __rt_sys_fsync(int fd)
{
	return sync_file(fd, 0);
}

long __rt_sys_fdatasync(int fd)
{
	return sync_file(fd, 1);
}
