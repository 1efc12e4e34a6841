/* SPDX-License-Identifier: ISC */
/* Extended attributes: no file system here has any, as xattr(7) allows. */
#include <errno.h>
#include <fcntl.h>

#include "file.h"
#include "path.h"
#include "rt_syscall.h"

static long by_path(const char *path, unsigned how, long answer)
{
	struct rt_vnode *v;
	long err = __rt_path_find(AT_FDCWD, path, how, &v);

	if (err)
		return err;
	__rt_vnode_put(v);
	return answer;
}

static long by_fd(int fd, long answer)
{
	const struct rt_file *f = __rt_file(fd);

	return f && !(f->flags & O_PATH) ? answer : -EBADF;
}

long __rt_sys_getxattr(const char *path, const char *name, void *value,
		       size_t bytes)
{
	(void)name, (void)value, (void)bytes;
	return by_path(path, 0, -EOPNOTSUPP);
}

long __rt_sys_lgetxattr(const char *path, const char *name, void *value,
			size_t bytes)
{
	(void)name, (void)value, (void)bytes;
	return by_path(path, RT_NOFOLLOW, -EOPNOTSUPP);
}

long __rt_sys_fgetxattr(int fd, const char *name, void *value, size_t bytes)
{
	(void)name, (void)value, (void)bytes;
	return by_fd(fd, -EOPNOTSUPP);
}

long __rt_sys_setxattr(const char *path, const char *name, const void *value,
		       size_t bytes, int flags)
{
	(void)name, (void)value, (void)bytes, (void)flags;
	return by_path(path, 0, -EOPNOTSUPP);
}

long __rt_sys_lsetxattr(const char *path, const char *name, const void *value,
			size_t bytes, int flags)
{
	(void)name, (void)value, (void)bytes, (void)flags;
	return by_path(path, RT_NOFOLLOW, -EOPNOTSUPP);
}

long __rt_sys_fsetxattr(int fd, const char *name, const void *value,
			size_t bytes, int flags)
{
	(void)name, (void)value, (void)bytes, (void)flags;
	return by_fd(fd, -EOPNOTSUPP);
}

long __rt_sys_listxattr(const char *path, char *list, size_t bytes)
{
	(void)list, (void)bytes;
	return by_path(path, 0, 0);
}

long __rt_sys_llistxattr(const char *path, char *list, size_t bytes)
{
	(void)list, (void)bytes;
	return by_path(path, RT_NOFOLLOW, 0);
}

long __rt_sys_flistxattr(int fd, char *list, size_t bytes)
{
	(void)list, (void)bytes;
	return by_fd(fd, 0);
}

long __rt_sys_removexattr(const char *path, const char *name)
{
	(void)name;
	return by_path(path, 0, -EOPNOTSUPP);
}

long __rt_sys_lremovexattr(const char *path, const char *name)
{
	(void)name;
	return by_path(path, RT_NOFOLLOW, -EOPNOTSUPP);
}

long __rt_sys_fremovexattr(int fd, const char *name)
{
	(void)name;
	return by_fd(fd, -EOPNOTSUPP);
}
