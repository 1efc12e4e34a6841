/* SPDX-License-Identifier: ISC */
/* What is known of files: stat(2), statfs(2), access(2). */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "file.h"
#include "file_vnode.h"
#include "page.h"
#include "path.h"
#include "rt_syscall.h"

#define ST_RDONLY_ 1

long __rt_sys_newfstatat(int dir, const char *path, struct stat *st, int flags)
{
	unsigned how = flags & AT_SYMLINK_NOFOLLOW ? RT_NOFOLLOW : 0;
	struct rt_vnode *v;
	long err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH))
		return -EINVAL;
	if (!*path && (flags & AT_EMPTY_PATH) && dir != AT_FDCWD)
		return __rt_sys_fstat(dir, st);
	if (flags & AT_EMPTY_PATH)
		how |= RT_EMPTY;
	err = __rt_path_find(dir, path, how, &v);
	if (err)
		return err;
	memset(st, 0, sizeof(*st));
	__rt_vnode_stat(v, st);
	__rt_vnode_put(v);
	return 0;
}

long __rt_sys_stat(const char *path, struct stat *st)
{
	return __rt_sys_newfstatat(AT_FDCWD, path, st, 0);
}

long __rt_sys_lstat(const char *path, struct stat *st)
{
	return __rt_sys_newfstatat(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);
}

static long statfs_of(const struct rt_vnode *v, struct statfs *to)
{
	struct rt_mount *m = v->mount;

	memset(to, 0, sizeof(*to));
	to->f_bsize = to->f_frsize = RT_PAGE_BYTES;
	to->f_namelen = RT_NAME_MAX;
	to->f_fsid.__val[0] = (int)m->dev;
	to->f_flags = m->read_only ? ST_RDONLY_ : 0;
	return m->ops->statfs ? m->ops->statfs(m, to) : -ENOSYS;
}

long __rt_sys_statfs(const char *path, struct statfs *to)
{
	struct rt_vnode *v;
	long err = __rt_path_find(AT_FDCWD, path, 0, &v);

	if (err)
		return err;
	err = statfs_of(v, to);
	__rt_vnode_put(v);
	return err;
}

long __rt_sys_fstatfs(int fd, struct statfs *to)
{
	const struct rt_file *f = __rt_file(fd);

	if (!f)
		return -EBADF;
	return f->vnode ? statfs_of(f->vnode, to) : -ENOSYS;
}

/* Everything is done as root: only what nobody may do is refused. */
long __rt_sys_faccessat2(int dir, const char *path, int mode, int flags)
{
	unsigned how = flags & AT_SYMLINK_NOFOLLOW ? RT_NOFOLLOW : 0;
	struct rt_vnode *v;
	long err;

	if (mode & ~(R_OK | W_OK | X_OK))
		return -EINVAL;
	if (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_EMPTY_PATH)
		how |= RT_EMPTY;
	err = __rt_path_find(dir, path, how, &v);
	if (err)
		return err;
	if ((mode & W_OK) && v->mount->read_only && !S_ISCHR(v->mode) &&
	    !S_ISBLK(v->mode))
		err = -EROFS;
	else if ((mode & X_OK) && !S_ISDIR(v->mode) && !(v->mode & 0111))
		err = -EACCES;
	__rt_vnode_put(v);
	return err;
}

long __rt_sys_faccessat(int dir, const char *path, int mode)
{
	return __rt_sys_faccessat2(dir, path, mode, 0);
}

long __rt_sys_access(const char *path, int mode)
{
	return __rt_sys_faccessat2(AT_FDCWD, path, mode, 0);
}
