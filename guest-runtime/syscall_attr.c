/* SPDX-License-Identifier: ISC */
/* Attributes of files: mode, owner, times, size. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "file.h"
#include "file_vnode.h"
#include "mount.h"
#include "page.h"
#include "path.h"
#include "rt_syscall.h"

/* fallocate(2), linux/falloc.h */
#define FALLOC_KEEP_SIZE  0x01
#define FALLOC_PUNCH_HOLE 0x02
#define FALLOC_ZERO_RANGE 0x10

static long check(const struct rt_vnode *v)
{
	if (v->mount->read_only)
		return -EROFS;
	return v->flags & RT_IMMUTABLE ? -EPERM : 0;
}

/* What a path or, where that is empty, a descriptor names. */
static long find(int dir, const char *path, int flags, struct rt_vnode **v)
{
	unsigned how = flags & AT_SYMLINK_NOFOLLOW ? RT_NOFOLLOW : 0;
	long err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_EMPTY_PATH)
		how |= RT_EMPTY;
	err = __rt_path_find(dir, path, how, v);
	if (err)
		return err;
	err = check(*v);
	if (err)
		__rt_vnode_put(*v);
	return err;
}

static long find_fd(int fd, struct rt_vnode **v)
{
	const struct rt_file *f = __rt_file(fd);
	long err;

	if (!f || (f->flags & O_PATH))
		return -EBADF;
	if (!f->vnode)
		return -EINVAL;
	*v = __rt_vnode_hold(f->vnode);
	err = check(*v);
	if (err)
		__rt_vnode_put(*v);
	return err;
}

static void changed(struct rt_vnode *v)
{
	__rt_now(&v->ctime);
	__rt_vnode_dirty(v, RT_DIRTY_ATTR);
	__rt_mount_tick(v->mount);
	__rt_vnode_put(v);
}

static long change_mode(struct rt_vnode *v, unsigned mode)
{
	v->mode = (v->mode & S_IFMT) | (mode & 07777);
	changed(v);
	return 0;
}

long __rt_sys_fchmod(int fd, unsigned mode)
{
	struct rt_vnode *v;
	long err = find_fd(fd, &v);

	return err ? err : change_mode(v, mode);
}

long __rt_sys_fchmodat(int dir, const char *path, unsigned mode)
{
	struct rt_vnode *v;
	long err = find(dir, path, 0, &v);

	return err ? err : change_mode(v, mode);
}

long __rt_sys_chmod(const char *path, unsigned mode)
{
	return __rt_sys_fchmodat(AT_FDCWD, path, mode);
}

static long change_owner(struct rt_vnode *v, unsigned uid, unsigned gid)
{
	if (uid != (unsigned)-1)
		v->uid = uid;
	if (gid != (unsigned)-1)
		v->gid = gid;
	/* chown(2): what was trusted as its owner no longer is. */
	if (S_ISREG(v->mode))
		v->mode &=
			~(mode_t)(S_ISUID | (v->mode & S_IXGRP ? S_ISGID : 0));
	changed(v);
	return 0;
}

long __rt_sys_fchown(int fd, unsigned uid, unsigned gid)
{
	struct rt_vnode *v;
	long err = find_fd(fd, &v);

	return err ? err : change_owner(v, uid, gid);
}

long __rt_sys_fchownat(int dir, const char *path, unsigned uid, unsigned gid,
		       int flags)
{
	struct rt_vnode *v;
	long err = find(dir, path, flags, &v);

	return err ? err : change_owner(v, uid, gid);
}

long __rt_sys_chown(const char *path, unsigned uid, unsigned gid)
{
	return __rt_sys_fchownat(AT_FDCWD, path, uid, gid, 0);
}

long __rt_sys_lchown(const char *path, unsigned uid, unsigned gid)
{
	return __rt_sys_fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

static long set_time(const struct timespec *from, struct timespec *to)
{
	if (from && from->tv_nsec == UTIME_OMIT)
		return 0;
	if (!from || from->tv_nsec == UTIME_NOW) {
		__rt_now(to);
		return 0;
	}
	if (from->tv_nsec < 0 || from->tv_nsec > 999999999)
		return -EINVAL;
	*to = *from;
	return 0;
}

long __rt_sys_utimensat(int dir, const char *path, const struct timespec *times,
			int flags)
{
	struct timespec atime, mtime;
	struct rt_vnode *v;
	long err;

	if (times && times[0].tv_nsec == UTIME_OMIT &&
	    times[1].tv_nsec == UTIME_OMIT)
		return 0; /* as Linux, whatever the path */
	err = path ? find(dir, path, flags, &v) : find_fd(dir, &v);
	if (err)
		return err;
	atime = v->atime;
	mtime = v->mtime;
	err = set_time(times, &atime);
	if (!err)
		err = set_time(times ? times + 1 : NULL, &mtime);
	if (err) {
		__rt_vnode_put(v);
		return err;
	}
	v->atime = atime;
	v->mtime = mtime;
	changed(v);
	return 0;
}

static long resize(struct rt_vnode *v, int64_t size)
{
	long err = v->mount->read_only ? -EROFS
				       : __rt_vnode_truncate(v, (uint64_t)size);

	__rt_mount_tick(v->mount);
	return err;
}

long __rt_sys_truncate(const char *path, int64_t size)
{
	struct rt_vnode *v;
	long err;

	if (size < 0)
		return -EINVAL;
	err = __rt_path_find(AT_FDCWD, path, 0, &v);
	if (err)
		return err;
	if (S_ISREG(v->mode))
		err = resize(v, size);
	else
		err = S_ISDIR(v->mode) ? -EISDIR : -EINVAL;
	__rt_vnode_put(v);
	return err;
}

long __rt_sys_ftruncate(int fd, int64_t size)
{
	const struct rt_file *f = __rt_file(fd);

	if (size < 0)
		return -EINVAL;
	if (!f || (f->flags & O_PATH))
		return -EBADF;
	if (!f->vnode || !S_ISREG(f->vnode->mode) || !__rt_writes(f))
		return -EINVAL;
	return resize(f->vnode, size);
}

static long preallocate(struct rt_vnode *v, uint64_t from, uint64_t bytes)
{
	const struct rt_fs_ops *ops = v->mount->ops;

	if (!ops->read)
		return __rt_page_fill(v, from, bytes);
	return ops->allocate
		       ? RT_RETRY(v->mount, ops->allocate(v, from, bytes, 1))
		       : -EOPNOTSUPP;
}

static long clear_range(struct rt_vnode *v, uint64_t from, uint64_t to)
{
	const struct rt_fs_ops *ops = v->mount->ops;
	long err = __rt_page_zero(v, from, to);

	if (!err && ops->punch)
		err = RT_RETRY(v->mount, ops->punch(v, from, to));
	return err;
}

long __rt_sys_fallocate(int fd, int mode, int64_t offset, int64_t bytes)
{
	const struct rt_file *f = __rt_file(fd);
	struct rt_vnode *v;
	int64_t end;
	long err;

	if (!f || !__rt_writes(f))
		return -EBADF;
	if (!f->vnode || !S_ISREG(f->vnode->mode))
		return f->vnode && S_ISDIR(f->vnode->mode) ? -EISDIR : -ENODEV;
	if (offset < 0 || bytes <= 0)
		return -EINVAL;
	if (__builtin_add_overflow(offset, bytes, &end))
		return -EFBIG;
	if (mode & ~(FALLOC_KEEP_SIZE | FALLOC_PUNCH_HOLE | FALLOC_ZERO_RANGE))
		return -EOPNOTSUPP;
	if ((mode & FALLOC_PUNCH_HOLE) &&
	    mode != (FALLOC_PUNCH_HOLE | FALLOC_KEEP_SIZE))
		return -EOPNOTSUPP;
	v = f->vnode;
	if (v->max_size && (uint64_t)end > v->max_size)
		return -EFBIG;
	err = check(v);
	if (!err && (v->flags & RT_APPEND))
		err = -EPERM;
	if (!err && (mode & (FALLOC_PUNCH_HOLE | FALLOC_ZERO_RANGE)))
		err = clear_range(v, (uint64_t)offset, (uint64_t)end);
	if (!err && !(mode & FALLOC_PUNCH_HOLE))
		err = preallocate(v, (uint64_t)offset, (uint64_t)bytes);
	if (err)
		return err;
	__rt_page_cut_mapped(v);
	if (!(mode & FALLOC_KEEP_SIZE) && (uint64_t)end > v->size)
		v->size = (uint64_t)end;
	__rt_now(&v->mtime);
	changed(__rt_vnode_hold(v));
	return 0;
}
