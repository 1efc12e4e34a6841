/* SPDX-License-Identifier: ISC */
/* Directories: read, and the working one. Links: read. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "mount.h"
#include "path.h"
#include "rt_syscall.h"

/* From here on, offsets in a directory count what is mounted in it. */
#define MOUNTED_AT (1ULL << 62)

/* struct linux_dirent64: getdents64(2) */
struct record {
	uint64_t ino;
	int64_t next;
	uint16_t bytes;
	uint8_t type;
	char name[];
};

struct reader {
	char *to;
	size_t left;
	uint64_t at;	/* of the entry after the last one that went in */
	uint64_t added; /* MOUNTED_AT or nothing */
	struct rt_vnode *dir;
	int full;
};

static int put(void *arg, const char *name, size_t bytes, uint64_t ino,
	       unsigned type, uint64_t next)
{
	struct reader *r = arg;
	size_t n = offsetof(struct record, name) + bytes + 1;
	struct record *to = (struct record *)(void *)r->to;

	n = (n + 7) & ~(size_t)7;
	if (n > r->left) {
		r->full = 1;
		return 1;
	}
	to->ino = ino;
	to->next = (int64_t)(next + r->added);
	to->bytes = (uint16_t)n;
	to->type = (uint8_t)type;
	memcpy(to->name, name, bytes);
	memset(to->name + bytes, 0, n - offsetof(struct record, name) - bytes);
	r->to += n;
	r->left -= n;
	r->at = next + r->added;
	return 0;
}

long __rt_sys_getdents64(int fd, void *to, size_t bytes)
{
	struct rt_file *f = __rt_file(fd);
	struct reader r = {.to = to, .left = bytes};
	const struct rt_fs_ops *ops;
	long err = 0;

	if (!f || (f->flags & O_PATH))
		return -EBADF;
	if (!f->vnode || !S_ISDIR(f->vnode->mode))
		return -ENOTDIR;
	if (!f->vnode->nlink)
		return -ENOENT;
	ops = f->vnode->mount->ops;
	r.dir = f->vnode;
	r.at = f->offset;
	if (r.at < MOUNTED_AT)
		err = ops->readdir(f->vnode, r.at, put, &r);
	if (!err && !r.full) {
		r.added = MOUNTED_AT;
		err = __rt_mount_readdir(
			f->vnode, r.at < MOUNTED_AT ? 0 : r.at - MOUNTED_AT,
			put, &r);
		if (!err && !r.full && r.at < MOUNTED_AT)
			r.at = MOUNTED_AT;
	}
	if (err)
		return err;
	if (r.full && r.to == to)
		return -EINVAL;
	f->offset = r.at;
	return (long)(r.to - (char *)to);
}

struct search {
	const struct rt_vnode *v;
	struct rt_vnode *dir;
	char *name;
	size_t bytes;
};

/* Emitted names are checked as a walk would find them: with mounts. */
static int match(void *arg, const char *name, size_t bytes, uint64_t ino,
		 unsigned type, uint64_t next)
{
	struct search *s = arg;
	struct rt_vnode *v;

	(void)type, (void)next;
	if (ino != s->v->ino ||
	    (bytes <= 2 && name[0] == '.' && (bytes == 1 || name[1] == '.')))
		return 0;
	if (__rt_path_lookup(s->dir, name, bytes, &v))
		return 0;
	__rt_vnode_put(v);
	if (v != s->v)
		return 0;
	memcpy(s->name, name, bytes);
	s->bytes = bytes;
	return 1;
}

/* The name of @v in @dir, its parent. */
static long name_of(struct rt_vnode *v, struct rt_vnode *dir, char *name,
		    size_t *bytes)
{
	struct search s = {v, dir, name, 0};
	long err;

	if (v == v->mount->root && v->mount->parent) {
		*bytes = strlen(v->mount->name);
		memcpy(name, v->mount->name, *bytes);
		return 0;
	}
	err = dir->mount->ops->readdir(dir, 0, match, &s);
	if (!err && !s.bytes)
		err = -ENOENT;
	*bytes = s.bytes;
	return err;
}

long __rt_sys_getcwd(char *to, size_t bytes)
{
	char path[PATH_MAX], name[RT_NAME_MAX];
	size_t at = sizeof(path) - 1, n;
	struct rt_vnode *v, *up, *root;
	long err = __rt_root(&root);

	if (err)
		return err;
	path[at] = '\0';
	v = __rt_vnode_hold(__rt_cwd ? __rt_cwd : root);
	if (!v->nlink)
		err = -ENOENT;
	while (!err && v != root) {
		err = __rt_path_lookup(v, "..", 2, &up);
		if (err)
			break;
		err = name_of(v, up, name, &n);
		__rt_vnode_put(v);
		v = up;
		if (!err && n + 1 > at)
			err = -ENAMETOOLONG;
		if (err)
			break;
		at -= n;
		memcpy(path + at, name, n);
		path[--at] = '/';
	}
	__rt_vnode_put(v);
	if (err)
		return err;
	if (!path[at])
		path[--at] = '/';
	n = sizeof(path) - at;
	if (n > bytes)
		return -ERANGE;
	memcpy(to, path + at, n);
	return (long)n;
}

/* Takes over the reference. */
static long change_dir(struct rt_vnode *v)
{
	if (!S_ISDIR(v->mode)) {
		__rt_vnode_put(v);
		return -ENOTDIR;
	}
	if (__rt_cwd)
		__rt_vnode_put(__rt_cwd);
	__rt_cwd = v;
	return 0;
}

long __rt_sys_chdir(const char *path)
{
	struct rt_vnode *v;
	long err = __rt_path_find(AT_FDCWD, path, 0, &v);

	return err ? err : change_dir(v);
}

long __rt_sys_fchdir(int fd)
{
	const struct rt_file *f = __rt_file(fd);

	if (!f)
		return -EBADF;
	return f->vnode ? change_dir(__rt_vnode_hold(f->vnode)) : -ENOTDIR;
}

long __rt_sys_readlinkat(int dir, const char *path, char *to, size_t bytes)
{
	struct rt_vnode *v;
	long n;

	if (!bytes || bytes > INT_MAX)
		return -EINVAL;
	n = __rt_path_find(dir, path, RT_NOFOLLOW | RT_EMPTY, &v);
	if (n)
		return n;
	if (!S_ISLNK(v->mode) || !v->mount->ops->readlink)
		n = *path ? -EINVAL : -ENOENT;
	else
		n = v->mount->ops->readlink(v, to, bytes);
	__rt_vnode_put(v);
	return n;
}

long __rt_sys_readlink(const char *path, char *to, size_t bytes)
{
	if (!*path)
		return -ENOENT;
	return __rt_sys_readlinkat(AT_FDCWD, path, to, bytes);
}
