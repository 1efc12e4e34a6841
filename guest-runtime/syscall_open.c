/* SPDX-License-Identifier: ISC */
/* open(2). */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "create.h"
#include "dev.h"
#include "fifo.h"
#include "file.h"
#include "file_vnode.h"
#include "mount.h"
#include "path.h"
#include "rt_syscall.h"

#define UNNAMED (O_TMPFILE & ~O_DIRECTORY)
#define KNOWN                                                                \
	(3 | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | \
	 O_SYNC | O_DSYNC | O_ASYNC | O_DIRECT | O_LARGEFILE | O_DIRECTORY | \
	 O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH | UNNAMED)

static int writes(int flags)
{
	return (flags & 3) != O_RDONLY;
}

/* What flags come to, as Linux sees them. */
static long tidy(int *flags)
{
	*flags &= KNOWN;
	if (*flags & O_PATH) {
		*flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
		return 0;
	}
	if ((*flags & O_CREAT) && (*flags & O_DIRECTORY))
		return -EINVAL;
	if ((*flags & UNNAMED) && (!(*flags & O_DIRECTORY) || !writes(*flags)))
		return -EINVAL;
	return 0;
}

/* A new file; NULL name: one without. Its vnode, with a reference. */
static long create(struct rt_vnode *dir, const char *name, size_t bytes,
		   unsigned mode, struct rt_vnode **to)
{
	const struct rt_vnode like = {
		.mode = S_IFREG | (mode & 07777 & ~__rt_umask),
	};
	uint64_t ino;
	long err = __rt_create(dir, name, bytes, &like, NULL, &ino);

	return err ? err : __rt_vnode_get(dir->mount, ino, to);
}

/* Checks what is there against how it shall be opened. */
static long check(struct rt_vnode *v, int flags)
{
	if ((flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	if ((flags & O_CREAT) && S_ISDIR(v->mode))
		return -EISDIR;
	if ((flags & O_DIRECTORY) && !S_ISDIR(v->mode))
		return -ENOTDIR;
	if (flags & O_PATH)
		return 0;
	switch (v->mode & S_IFMT) {
	case S_IFLNK:
		return -ELOOP; /* O_NOFOLLOW */
	case S_IFDIR:
		return writes(flags) || (flags & O_TRUNC) ? -EISDIR : 0;
	case S_IFREG:
		if (writes(flags) &&
		    ((v->flags & RT_IMMUTABLE) ||
		     ((v->flags & RT_APPEND) && !(flags & O_APPEND))))
			return -EPERM;
		return (writes(flags) || (flags & O_TRUNC)) &&
				       v->mount->read_only
			       ? -EROFS
			       : 0;
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
		return 0;
	default:
		return -ENXIO; /* a socket */
	}
}

/* What an open of @v gives; takes over the reference if it succeeds. */
static long open_vnode(struct rt_vnode *v, int flags, int is_new,
		       struct rt_file **to)
{
	int device = S_ISCHR(v->mode) || S_ISBLK(v->mode);
	long err = is_new ? 0 : check(v, flags);

	if (err)
		return err;
	if (flags & O_PATH) {
		*to = __rt_vnode_file(v, flags);
		return *to ? 0 : -ENFILE;
	}
	if (S_ISFIFO(v->mode))
		return __rt_fifo_open(v, flags, to);
	if (device) {
		err = __rt_dev_open(v->mode, v->rdev, flags, to);
		if (err)
			return err;
		if ((*to)->refs) /* open already: the same again */
			__rt_vnode_put(v);
		else
			(*to)->vnode = v;
		return 0;
	}
	if ((flags & O_TRUNC) && !is_new && S_ISREG(v->mode)) {
		err = __rt_vnode_truncate(v, 0);
		if (err)
			return err;
	}
	*to = __rt_vnode_file(v, flags);
	__rt_mount_tick(v->mount);
	return *to ? 0 : -ENFILE;
}

static long open_path(int dir, const char *path, int flags, unsigned mode,
		      struct rt_file **to)
{
	int is_new = (flags & O_CREAT) != 0;
	unsigned how = is_new ? RT_CREATE : 0;
	struct rt_vnode *v;
	struct rt_path p;
	long err;

	if ((flags & O_NOFOLLOW) || (is_new && (flags & O_EXCL)))
		how |= RT_NOFOLLOW;
	err = __rt_path_walk(dir, path, how, &p);
	if (err)
		return err;
	if (p.found) {
		is_new = 0;
		v = __rt_vnode_hold(p.found);
	} else if (!is_new) {
		err = -ENOENT;
	} else {
		err = create(p.dir, p.name, p.bytes, mode, &v);
	}
	__rt_path_put(&p);
	if (err)
		return err;
	err = open_vnode(v, flags, is_new, to);
	if (err)
		__rt_vnode_put(v);
	return err;
}

/* O_TMPFILE: a file in that directory, but without a name. */
static long open_nameless(int dir, const char *path, int flags, unsigned mode,
			  struct rt_file **to)
{
	struct rt_vnode *parent, *v;
	long err;

	err = __rt_path_find(dir, path, flags & O_NOFOLLOW ? RT_NOFOLLOW : 0,
			     &parent);
	if (err)
		return err;
	err = S_ISDIR(parent->mode) ? create(parent, NULL, 0, mode, &v)
				    : -ENOTDIR;
	__rt_vnode_put(parent);
	if (err)
		return err;
	v->linkable = !(flags & O_EXCL);
	*to = __rt_vnode_file(v, flags);
	if (*to)
		return 0;
	__rt_vnode_put(v);
	return -ENFILE;
}

long __rt_sys_openat(int dir, const char *path, int flags, unsigned mode)
{
	long err = tidy(&flags);
	struct rt_file *f;

	if (err)
		return err;
	if (__rt_fd_find(0) < 0)
		return -EMFILE;
	if (flags & UNNAMED)
		err = open_nameless(dir, path, flags, mode, &f);
	else
		err = open_path(dir, path, flags, mode, &f);
	if (err)
		return err;
	if (!f->refs)
		f->flags = flags;
	return __rt_file_install(f, flags);
}

long __rt_sys_open(const char *path, int flags, unsigned mode)
{
	return __rt_sys_openat(AT_FDCWD, path, flags, mode);
}
