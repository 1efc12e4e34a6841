/* SPDX-License-Identifier: ISC */
/* Names of files: made, removed and moved. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "mount.h"
#include "path.h"
#include "rt_syscall.h"
#include "umask.h"

#define RENAME_NOREPLACE_ 1u /* linux/fs.h */
#define RENAME_EXCHANGE_  2u

unsigned __rt_umask = 022;

static int is_mounted_on(const struct rt_vnode *dir, const struct rt_vnode *v)
{
	return v == v->mount->root || v->mount != dir->mount;
}

/* Whether a new name can be made where the walk ended. */
static long check_new(const struct rt_path *p)
{
	if (p->found)
		return -EEXIST;
	if (p->dir->mount->read_only)
		return -EROFS;
	if (!p->dir->nlink)
		return -ENOENT;
	return p->dir->flags & RT_IMMUTABLE ? -EPERM : 0;
}

/* Whether names may be taken from where the walk ended, and from @v. */
static int is_fixed(const struct rt_vnode *dir, const struct rt_vnode *v)
{
	return ((dir->flags | v->flags) & (RT_IMMUTABLE | RT_APPEND)) != 0;
}

static long make(int dir, const char *path, mode_t mode, dev_t rdev,
		 const char *target)
{
	struct rt_vnode init = {.mode = mode, .rdev = rdev};
	const struct rt_fs_ops *ops;
	struct rt_path p;
	uint64_t ino;
	long err = __rt_path_walk(dir, path, RT_NOFOLLOW, &p);

	if (err)
		return err;
	ops = p.dir->mount->ops;
	err = check_new(&p);
	if (!err && p.slash && !S_ISDIR(mode))
		err = -ENOENT;
	if (!err && !ops->create)
		err = -EPERM;
	if (!err) {
		__rt_now(&init.mtime);
		init.atime = init.ctime = init.mtime;
		if (S_ISDIR(mode) && (p.dir->mode & S_ISGID))
			init.mode |= S_ISGID;
		if (p.dir->mode & S_ISGID)
			init.gid = p.dir->gid;
		err = RT_RETRY(p.dir->mount, ops->create(p.dir, p.name, p.bytes,
							 &init, target, &ino));
	}
	__rt_mount_tick(p.dir->mount);
	__rt_path_put(&p);
	return err;
}

long __rt_sys_mkdirat(int dir, const char *path, unsigned mode)
{
	return make(dir, path, S_IFDIR | (mode & 01777 & ~__rt_umask), 0, NULL);
}

long __rt_sys_mkdir(const char *path, unsigned mode)
{
	return __rt_sys_mkdirat(AT_FDCWD, path, mode);
}

long __rt_sys_symlinkat(const char *target, int dir, const char *path)
{
	if (!*target)
		return -ENOENT;
	if (strnlen(target, PATH_MAX) == PATH_MAX)
		return -ENAMETOOLONG;
	return make(dir, path, S_IFLNK | 0777, 0, target);
}

long __rt_sys_symlink(const char *target, const char *path)
{
	return __rt_sys_symlinkat(target, AT_FDCWD, path);
}

long __rt_sys_mknodat(int dir, const char *path, unsigned mode, unsigned rdev)
{
	switch (mode & S_IFMT) {
	case 0:
		mode |= S_IFREG;
		break;
	case S_IFREG:
	case S_IFIFO:
	case S_IFSOCK:
	case S_IFCHR:
	case S_IFBLK:
		break;
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
	return make(dir, path, mode & ~__rt_umask & (S_IFMT | 07777), rdev,
		    NULL);
}

long __rt_sys_mknod(const char *path, unsigned mode, unsigned rdev)
{
	return __rt_sys_mknodat(AT_FDCWD, path, mode, rdev);
}

long __rt_sys_linkat(int old_dir, const char *old, int new_dir, const char *new,
		     int flags)
{
	const struct rt_fs_ops *ops;
	struct rt_vnode *v;
	struct rt_path p;
	long err;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = __rt_path_find(old_dir, old,
			     (flags & AT_SYMLINK_FOLLOW ? 0 : RT_NOFOLLOW) |
				     (flags & AT_EMPTY_PATH ? RT_EMPTY : 0),
			     &v);
	if (err)
		return err;
	err = __rt_path_walk(new_dir, new, RT_NOFOLLOW, &p);
	if (err)
		goto put_vnode;
	ops = p.dir->mount->ops;
	err = check_new(&p);
	if (!err && p.dir->mount != v->mount)
		err = -EXDEV;
	if (!err && (S_ISDIR(v->mode) || !ops->link ||
		     (v->flags & (RT_IMMUTABLE | RT_APPEND))))
		err = -EPERM;
	if (!err && p.slash)
		err = -ENOENT;
	if (!err)
		err = RT_RETRY(v->mount, ops->link(p.dir, p.name, p.bytes, v));
	__rt_mount_tick(p.dir->mount);
	__rt_path_put(&p);

put_vnode:
	__rt_vnode_put(v);
	return err;
}

long __rt_sys_link(const char *old, const char *new)
{
	return __rt_sys_linkat(AT_FDCWD, old, AT_FDCWD, new, 0);
}

static long check_remove(const struct rt_path *p, int directory)
{
	const struct rt_vnode *v = p->found;

	if (!v)
		return -ENOENT;
	if (directory && !S_ISDIR(v->mode))
		return -ENOTDIR;
	if (!directory && S_ISDIR(v->mode))
		return -EISDIR;
	if (!p->bytes) /* "." and the like */
		return v == v->mount->root ? -EBUSY : -EINVAL;
	if (is_mounted_on(p->dir, v))
		return -EBUSY;
	if (p->dir->mount->read_only)
		return -EROFS;
	if (!p->dir->mount->ops->unlink || is_fixed(p->dir, v))
		return -EPERM;
	return 0;
}

long __rt_sys_unlinkat(int dir, const char *path, int flags)
{
	struct rt_mount *m;
	struct rt_path p;
	long err;

	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	err = __rt_path_walk(dir, path, RT_NOFOLLOW, &p);
	if (err)
		return err;
	m = p.dir->mount;
	err = check_remove(&p, flags & AT_REMOVEDIR);
	if (!err)
		err = RT_RETRY(m,
			       m->ops->unlink(p.dir, p.name, p.bytes, p.found));
	__rt_path_put(&p);
	__rt_mount_tick(m);
	return err;
}

long __rt_sys_unlink(const char *path)
{
	return __rt_sys_unlinkat(AT_FDCWD, path, 0);
}

long __rt_sys_rmdir(const char *path)
{
	return __rt_sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

/* Whether @v is @dir or lies above it: 1, 0 or -errno. */
static long is_above(struct rt_vnode *v, struct rt_vnode *dir)
{
	struct rt_vnode *up;
	long err;

	for (__rt_vnode_hold(dir); dir != v; dir = up) {
		err = __rt_path_lookup(dir, "..", 2, &up);
		__rt_vnode_put(dir);
		if (err)
			return err;
		if (up == dir) { /* "/" */
			__rt_vnode_put(up);
			return 0;
		}
	}
	__rt_vnode_put(dir);
	return 1;
}

static long check_over(const struct rt_path *old, const struct rt_path *new,
		       unsigned flags)
{
	const struct rt_vnode *v = old->found, *over = new->found;

	if (!over) {
		if (flags & RENAME_EXCHANGE_)
			return -ENOENT;
		return new->slash && !S_ISDIR(v->mode) ? -ENOTDIR : 0;
	}
	if (flags & RENAME_NOREPLACE_)
		return -EEXIST;
	if (!new->bytes || is_mounted_on(new->dir, over))
		return -EBUSY;
	if (flags & RENAME_EXCHANGE_)
		return 0;
	if (S_ISDIR(v->mode) && !S_ISDIR(over->mode))
		return -ENOTDIR;
	if (!S_ISDIR(v->mode) && S_ISDIR(over->mode))
		return -EISDIR;
	return 0;
}

static long rename_paths(struct rt_path *old, struct rt_path *new,
			 unsigned flags)
{
	struct rt_mount *m = old->dir->mount;
	long err;

	if (!old->found)
		return -ENOENT;
	if (!old->bytes)
		return -EBUSY;
	if (is_mounted_on(old->dir, old->found))
		return -EBUSY;
	if (new->dir->mount != m)
		return -EXDEV;
	if (m->read_only)
		return -EROFS;
	if (!new->dir->nlink)
		return -ENOENT;
	err = check_over(old, new, flags);
	if (err)
		return err;
	if (!m->ops->rename || is_fixed(old->dir, old->found) ||
	    (new->dir->flags &RT_IMMUTABLE) ||
	    (new->found &&is_fixed(new->dir, new->found)))
		return -EPERM;
	if (old->found == new->found)
		return 0;
	if (S_ISDIR(old->found->mode) && old->dir != new->dir) {
		err = is_above(old->found, new->dir);
		if (err)
			return err < 0 ? err : -EINVAL;
	}
	if ((flags & RENAME_EXCHANGE_) && S_ISDIR(new->found->mode) &&
	    old->dir != new->dir) {
		err = is_above(new->found, old->dir);
		if (err)
			return err < 0 ? err : -EINVAL;
	}
	return RT_RETRY(m, m->ops->rename(old->dir, old->name, old->bytes,
					  old->found, new->dir, new->name,
					  new->bytes, new->found,
					  flags & RENAME_EXCHANGE_ ? 1 : 0));
}

long __rt_sys_renameat2(int old_dir, const char *old_path, int new_dir,
			const char *new_path, unsigned flags)
{
	struct rt_path old, new;
	struct rt_mount *m;
	long err;

	if (flags & ~(RENAME_NOREPLACE_ | RENAME_EXCHANGE_) ||
	    flags == (RENAME_NOREPLACE_ | RENAME_EXCHANGE_))
		return -EINVAL;
	err = __rt_path_walk(old_dir, old_path, RT_NOFOLLOW, &old);
	if (err)
		return err;
	m = old.dir->mount;
	err = __rt_path_walk(new_dir, new_path, RT_NOFOLLOW, &new);
	if (!err) {
		err = rename_paths(&old, &new, flags);
		__rt_path_put(&new);
	}
	__rt_path_put(&old);
	__rt_mount_tick(m);
	return err;
}

long __rt_sys_renameat(int old_dir, const char *old, int new_dir,
		       const char *new)
{
	return __rt_sys_renameat2(old_dir, old, new_dir, new, 0);
}

long __rt_sys_rename(const char *old, const char *new)
{
	return __rt_sys_renameat2(AT_FDCWD, old, AT_FDCWD, new, 0);
}

long __rt_sys_umask(unsigned mask)
{
	unsigned old = __rt_umask;

	__rt_umask = mask & 0777;
	return old;
}
