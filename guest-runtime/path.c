/* SPDX-License-Identifier: ISC */
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "mount.h"

#define LINKS_MAX 40 /* as Linux */

struct rt_vnode *__rt_cwd;

/* Where to begin, with a reference. */
static long start(int dir_fd, const char *path, struct rt_vnode **to)
{
	struct rt_vnode *root;
	struct rt_file *f;
	long err = __rt_root(&root);

	if (err)
		return err;
	if (*path == '/') {
		*to = __rt_vnode_hold(root);
		return 0;
	}
	if (dir_fd == AT_FDCWD) {
		*to = __rt_vnode_hold(__rt_cwd ? __rt_cwd : root);
		return 0;
	}
	f = __rt_file(dir_fd);
	if (!f)
		return -EBADF;
	if (!f->vnode || (*path && !S_ISDIR(f->vnode->mode)))
		return -ENOTDIR;
	*to = __rt_vnode_hold(f->vnode);
	return 0;
}

static long parent(struct rt_vnode *dir, struct rt_vnode **to)
{
	const struct rt_mount *m = dir->mount;
	uint64_t ino;
	long err;

	if (dir == m->root) {
		*to = __rt_vnode_hold(m->parent ? m->parent : dir);
		return 0;
	}
	err = m->ops->lookup(dir, "..", 2, &ino);
	return err ? err : __rt_vnode_get(dir->mount, ino, to);
}

long __rt_path_lookup(struct rt_vnode *dir, const char *name, size_t bytes,
		      struct rt_vnode **to)
{
	uint64_t ino;
	long err;

	if (bytes == 1 && name[0] == '.') {
		*to = __rt_vnode_hold(dir);
		return 0;
	}
	if (bytes == 2 && name[0] == '.' && name[1] == '.')
		return parent(dir, to);
	err = __rt_mount_at(dir, name, bytes, to);
	if (err || *to)
		return err;
	err = dir->mount->ops->lookup(dir, name, bytes, &ino);
	return err ? err : __rt_vnode_get(dir->mount, ino, to);
}

/* The next name of *path, which is moved past it and the slashes after it. */
static long next_name(const char **path, struct rt_path *to)
{
	const char *end = strchrnul(*path, '/');
	size_t bytes = (size_t)(end - *path);

	if (bytes > RT_NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(to->name, *path, bytes);
	to->name[bytes] = '\0';
	to->bytes = bytes;
	to->slash = *end == '/';
	while (*end == '/')
		end++;
	*path = end;
	return 0;
}

/*
 * Puts what link @v says in front of @rest, which may lie in *buffer, the old
 * one of such. Together they may be longer than any path.
 */
static long expand(struct rt_vnode *v, const char *rest, char **buffer)
{
	size_t left = strlen(rest);
	char *to = __rt_malloc(PATH_MAX + left + 2);
	long n;

	if (!to)
		return -ENOMEM;
	n = v->mount->ops->readlink ? v->mount->ops->readlink(v, to, PATH_MAX)
				    : -EINVAL;
	if (n <= 0) {
		__rt_free(to);
		return n ? n : -ENOENT;
	}
	if (left)
		to[n++] = '/';
	memcpy(to + n, rest, left + 1);
	__rt_free(*buffer);
	*buffer = to;
	return 0;
}

static enum rt_last kind_of(const struct rt_path *p)
{
	if (!p->bytes)
		return RT_ROOT;
	if (!strcmp(p->name, "."))
		return RT_DOT;
	return strcmp(p->name, "..") ? RT_NAME : RT_DOT_DOT;
}

/* Whether the link that was just found is put in place of its name. */
static int follows(const struct rt_path *p, int last, unsigned how)
{
	if (!last)
		return 1;
	if (how & RT_PARENT)
		return 0;
	return p->slash || !(how & RT_NOFOLLOW);
}

/*
 * From to->dir along @path. Links in the middle, and at the end unless
 * RT_NOFOLLOW, are put in place of their names, in *buffer.
 */
static long walk(const char *path, unsigned how, struct rt_path *to,
		 char **buffer)
{
	unsigned links = 0;
	long err;

	while (*path == '/')
		path++;
	for (;;) {
		struct rt_vnode *v = NULL;

		err = next_name(&path, to);
		if (err)
			return err;
		if (!S_ISDIR(to->dir->mode))
			return -ENOTDIR;
		to->kind = kind_of(to);
		if (to->kind == RT_ROOT) {
			to->found = __rt_vnode_hold(to->dir);
			return 0;
		}
		if ((how & RT_CREATE) && to->slash && !*path &&
		    to->kind == RT_NAME)
			return -EISDIR;
		err = __rt_path_lookup(to->dir, to->name, to->bytes, &v);
		if (err == -ENOENT && !*path)
			return 0;
		if (err)
			return err;
		/* What comes after a link is looked up in what it names. */
		if (S_ISLNK(v->mode) && follows(to, !*path, how)) {
			char slash = to->slash && !*path ? '/' : '\0';
			const char end[2] = {slash, '\0'};

			err = ++links > LINKS_MAX
				      ? -ELOOP
				      : expand(v, *path ? path : end, buffer);
			__rt_vnode_put(v);
			if (err)
				return err;
			path = *buffer;
			if (*path == '/') {
				err = start(AT_FDCWD, path, &v);
				if (err)
					return err;
				__rt_vnode_put(to->dir);
				to->dir = v;
				while (*path == '/')
					path++;
			}
			continue;
		}
		if (*path) {
			__rt_vnode_put(to->dir);
			to->dir = v;
			continue;
		}
		to->found = v;
		if (to->slash && !(how & RT_PARENT) && !S_ISDIR(v->mode))
			return -ENOTDIR;
		return 0;
	}
}

long __rt_path_walk(int dir_fd, const char *path, unsigned how,
		    struct rt_path *to)
{
	char *buffer = NULL;
	long err;

	to->found = NULL;
	if (!*path && !(how & RT_EMPTY))
		return -ENOENT;
	if (strnlen(path, PATH_MAX) == PATH_MAX)
		return -ENAMETOOLONG;
	if (!*path && dir_fd != AT_FDCWD && __rt_file(dir_fd) &&
	    !__rt_file(dir_fd)->vnode)
		return -ENOENT;
	err = start(dir_fd, path, &to->dir);
	if (err)
		return err;
	if (!*path) {
		to->found = __rt_vnode_hold(to->dir);
		to->kind = RT_DOT;
		return 0;
	}
	err = walk(path, how, to, &buffer);
	__rt_free(buffer);
	if (err)
		__rt_path_put(to);
	return err;
}

void __rt_path_put(struct rt_path *path)
{
	if (path->found)
		__rt_vnode_put(path->found);
	__rt_vnode_put(path->dir);
}

/*
 * What is open under the number in "/proc/self/fd/NUMBER", or NULL: so the C
 * library changes what it has by O_PATH alone.
 */
static struct rt_vnode *find_open(const char *path)
{
	static const char directory[] = "/proc/self/fd/";
	const struct rt_file *file;
	int fd = 0;

	if (strncmp(path, directory, sizeof(directory) - 1) != 0)
		return NULL;
	path += sizeof(directory) - 1;
	do {
		if (*path < '0' || *path > '9' || fd >= RT_MAX_FDS)
			return NULL;
		fd = fd * 10 + (*path++ - '0');
	} while (*path);
	file = __rt_file(fd);
	return file ? file->vnode : NULL;
}

long __rt_path_find(int dir_fd, const char *path, unsigned how,
		    struct rt_vnode **to)
{
	struct rt_vnode *open = how & RT_NOFOLLOW ? NULL : find_open(path);
	struct rt_path p;
	long err;

	if (open) {
		*to = __rt_vnode_hold(open);
		return 0;
	}
	err = __rt_path_walk(dir_fd, path, how, &p);
	if (err)
		return err;
	*to = p.found;
	p.found = NULL;
	__rt_path_put(&p);
	return *to ? 0 : -ENOENT;
}
