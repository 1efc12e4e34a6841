/* SPDX-License-Identifier: ISC */
/* Files get, change and lose names: rt_fs_ops. */
#ifndef RT_EXT_NAME_H
#define RT_EXT_NAME_H

#include "ext_dir.h"

long ext_name_create(struct rt_vnode *dir, const char *name, size_t bytes,
		     const struct rt_vnode *init, const char *target,
		     uint64_t *ino);
long ext_name_link(struct rt_vnode *dir, const char *name, size_t bytes,
		   struct rt_vnode *v);
long ext_name_unlink(struct rt_vnode *dir, const char *name, size_t bytes,
		     struct rt_vnode *v);
long ext_name_rename(struct rt_vnode *dir, const char *name, size_t bytes,
		     struct rt_vnode *v, struct rt_vnode *new_dir,
		     const char *new_name, size_t new_bytes,
		     struct rt_vnode *over, int exchange);
long ext_name_readlink(struct rt_vnode *v, char *to, size_t bytes);

/* For ext_rename.c. */

/* Times of a directory, or of a file whose names changed: now. */
void ext_name_changed_dir(struct ext_vnode *dir);
void ext_name_changed(struct ext_vnode *x);

/* Whether one more directory fits below @dir: 0 or -EMLINK. */
long ext_name_may_add_dir(const struct ext_vnode *dir);
/* There is one more, or one less, below @dir. */
void ext_name_add_dir(struct ext_vnode *dir);
void ext_name_remove_dir(struct ext_vnode *dir);

/* ext_dir_find, of a name that is @v's. */
long ext_name_find(struct ext_vnode *dir, const char *name, size_t bytes,
		   const struct rt_vnode *v, struct ext_place *at);

/*
 * A name of @x is about to go: it becomes an orphan where that is its last,
 * a directory has to be empty. ext_name_lost tells that it is gone.
 */
long ext_name_may_lose(struct ext_vnode *x);
void ext_name_lost(struct ext_vnode *x);

#endif
