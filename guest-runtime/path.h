/* SPDX-License-Identifier: ISC */
/* From a path to a vnode: path_resolution(7). */
#ifndef RT_PATH_H
#define RT_PATH_H

#include <stddef.h>

#include "vnode.h"

/* How to walk */
#define RT_NOFOLLOW (1u << 0) /* do not follow a link at the end */
#define RT_EMPTY    (1u << 1) /* an empty path names the directory itself */
#define RT_CREATE   (1u << 2) /* open() may make a file: "name/" is EISDIR */
/* The last name is about to change: it is what it is, link or slash after it */
#define RT_PARENT   (1u << 3)

/* What a path ends in */
enum rt_last { RT_NAME, RT_DOT, RT_DOT_DOT, RT_ROOT };

struct rt_path {
	struct rt_vnode *dir;	/* where the last name is; see name */
	struct rt_vnode *found; /* NULL: @dir has no such name */
	enum rt_last kind;
	char name[RT_NAME_MAX + 1]; /* the last one */
	size_t bytes;
	int slash; /* comes after it */
};

/*
 * Walks to all but the end of @path and looks the last name up. That there is
 * no such name is no error. 0 or -errno; after 0, __rt_path_put.
 */
long __rt_path_walk(int dir_fd, const char *path, unsigned how,
		    struct rt_path *to);
void __rt_path_put(struct rt_path *path);

/* The vnode that @path names, with a reference. 0 or -errno. */
long __rt_path_find(int dir_fd, const char *path, unsigned how,
		    struct rt_vnode **to);

/* One name of @dir, with what is mounted there; -ENOENT. */
long __rt_path_lookup(struct rt_vnode *dir, const char *name, size_t bytes,
		      struct rt_vnode **to);

/* The working directory; a reference of its own. NULL: it is "/". */
extern struct rt_vnode *__rt_cwd;

#endif
