/* SPDX-License-Identifier: ISC */
#include "create.h"

#include <errno.h>
#include <sys/stat.h>

#include "mount.h"

unsigned __rt_umask = 022;

long __rt_create(struct rt_vnode *dir, const char *name, size_t bytes,
		 const struct rt_vnode *like, const char *target, uint64_t *ino)
{
	struct rt_mount *m = dir->mount;
	struct rt_vnode init = *like;

	if (m->read_only)
		return -EROFS;
	if (!m->ops->create || (dir->flags & RT_IMMUTABLE))
		return -EPERM;
	if (name && !dir->nlink)
		return -ENOENT;
	__rt_now(&init.mtime);
	init.atime = init.ctime = init.mtime;
	if (dir->mode & S_ISGID) {
		init.gid = dir->gid;
		if (S_ISDIR(init.mode))
			init.mode |= S_ISGID;
	}
	return RT_RETRY(m,
			m->ops->create(dir, name, bytes, &init, target, ino));
}
