/* SPDX-License-Identifier: ISC */
/* Names of files: made, removed and moved. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "create.h"
#include "file.h"
#include "mount.h"
#include "path.h"
#include "rt_syscall.h"

#define NOREPLACE 1u /* linux/fs.h: RENAME_... */
#define EXCHANGE  2u

static int is_mounted_on(const struct rt_vnode *dir, const struct rt_vnode *v)
{
	return v == v->mount->root || v->mount != dir->mount;
}

/* Whether a new name, of a directory or not, can be made where a walk ended. */
static long check_new(const struct rt_path *p, int directory)
{
	if (p->kind != RT_NAME || p->found)
		return -EEXIST;
	if (p->slash && !directory)
		return -ENOENT;
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
	const struct rt_vnode like = {.mode = mode, .rdev = rdev};
	struct rt_path p;
	uint64_t ino;
	long err = __rt_path_walk(dir, path, RT_PARENT, &p);

	if (err)
		return err;
	err = check_new(&p, S_ISDIR(mode));
	if (!err)
		err = __rt_create(p.dir, p.name, p.bytes, &like, target, &ino);
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
	err = __rt_path_walk(new_dir, new, RT_PARENT, &p);
	if (err)
		goto put_vnode;
	ops = p.dir->mount->ops;
	err = check_new(&p, 0);
	if (!err && p.dir->mount != v->mount)
		err = -EXDEV;
	if (!err && (S_ISDIR(v->mode) || !ops->link ||
		     (v->flags & (RT_IMMUTABLE | RT_APPEND))))
		err = -EPERM;
	if (!err && !v->nlink && !v->linkable)
		err = -ENOENT;
	if (!err)
		err = RT_RETRY(v->mount, ops->link(p.dir, p.name, p.bytes, v));
	if (!err)
		v->linkable = 0;
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

/* rmdir(2): what the path ends in decides before what is there. */
static long check_remove_dir(const struct rt_path *p)
{
	if (p->kind == RT_DOT)
		return -EINVAL;
	if (p->kind == RT_DOT_DOT)
		return -ENOTEMPTY;
	if (p->kind == RT_ROOT)
		return -EBUSY;
	if (p->dir->mount->read_only)
		return -EROFS;
	if (!p->found)
		return -ENOENT;
	return S_ISDIR(p->found->mode) ? 0 : -ENOTDIR;
}

static long check_remove_file(const struct rt_path *p)
{
	if (p->kind != RT_NAME)
		return -EISDIR;
	if (p->dir->mount->read_only)
		return -EROFS;
	if (!p->found)
		return -ENOENT;
	if (S_ISDIR(p->found->mode))
		return -EISDIR;
	return p->slash ? -ENOTDIR : 0;
}

long __rt_sys_unlinkat(int dir, const char *path, int flags)
{
	struct rt_mount *m;
	struct rt_path p;
	long err;

	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	err = __rt_path_walk(dir, path, RT_PARENT, &p);
	if (err)
		return err;
	m = p.dir->mount;
	err = flags & AT_REMOVEDIR ? check_remove_dir(&p)
				   : check_remove_file(&p);
	if (!err && is_mounted_on(p.dir, p.found))
		err = -EBUSY;
	if (!err && (!m->ops->unlink || is_fixed(p.dir, p.found)))
		err = -EPERM;
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

/* What the paths end in, and what has a slash after it, as Linux orders it. */
static long check_ends(const struct rt_path *old, const struct rt_path *new,
		       unsigned flags)
{
	const struct rt_vnode *v = old->found, *over = new->found;
	int exchange = (flags & EXCHANGE) != 0;

	if (new->dir->mount != old->dir->mount)
		return -EXDEV;
	if (old->kind != RT_NAME)
		return -EBUSY;
	if (new->kind != RT_NAME)
		return flags & NOREPLACE ? -EEXIST : -EBUSY;
	if (old->dir->mount->read_only)
		return -EROFS;
	if (!v)
		return -ENOENT;
	if (over && (flags & NOREPLACE))
		return -EEXIST;
	if (exchange && !over)
		return -ENOENT;
	if (exchange && !S_ISDIR(over->mode) && new->slash)
		return -ENOTDIR;
	if (!S_ISDIR(v->mode) && (old->slash || (!exchange && new->slash)))
		return -ENOTDIR;
	return 0;
}

/* Nothing can be moved into itself, nor replace what it lies in. */
static long check_trees(const struct rt_path *old, const struct rt_path *new,
			unsigned flags)
{
	long is;

	if (old->dir == new->dir)
		return 0;
	is = S_ISDIR(old->found->mode) ? is_above(old->found, new->dir) : 0;
	if (is)
		return is < 0 ? is : -EINVAL;
	if (!new->found || !S_ISDIR(new->found->mode))
		return 0;
	is = is_above(new->found, old->dir);
	if (is)
		return is < 0 ? is : flags & EXCHANGE ? -EINVAL : -ENOTEMPTY;
	return 0;
}

static long check_kinds(const struct rt_path *old, const struct rt_path *new,
			unsigned flags)
{
	int is_dir = S_ISDIR(old->found->mode);

	if (!new->dir->nlink)
		return -ENOENT;
	if (new->found && !(flags & EXCHANGE)) {
		if (is_dir && !S_ISDIR(new->found->mode))
			return -ENOTDIR;
		if (!is_dir && S_ISDIR(new->found->mode))
			return -EISDIR;
	}
	if (is_mounted_on(old->dir, old->found) ||
	    (new->found &&is_mounted_on(new->dir, new->found)))
		return -EBUSY;
	return 0;
}

static long rename_paths(struct rt_path *old, struct rt_path *new,
			 unsigned flags)
{
	struct rt_mount *m = old->dir->mount;
	long err = check_ends(old, new, flags);

	if (!err)
		err = check_trees(old, new, flags);
	if (err || old->found == new->found)
		return err;
	err = check_kinds(old, new, flags);
	if (err)
		return err;
	if (!m->ops->rename || is_fixed(old->dir, old->found) ||
	    (new->dir->flags &RT_IMMUTABLE) ||
	    (new->found &&is_fixed(new->dir, new->found)))
		return -EPERM;
	return RT_RETRY(m, m->ops->rename(old->dir, old->name, old->bytes,
					  old->found, new->dir, new->name,
					  new->bytes, new->found,
					  flags & EXCHANGE ? 1 : 0));
}

long __rt_sys_renameat2(int old_dir, const char *old_path, int new_dir,
			const char *new_path, unsigned flags)
{
	struct rt_path old, new;
	struct rt_mount *m;
	long err;

	if (flags & ~(NOREPLACE | EXCHANGE) || flags == (NOREPLACE | EXCHANGE))
		return -EINVAL;
	err = __rt_path_walk(old_dir, old_path, RT_PARENT, &old);
	if (err)
		return err;
	m = old.dir->mount;
	err = __rt_path_walk(new_dir, new_path, RT_PARENT, &new);
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
