/* SPDX-License-Identifier: ISC */
/*
 * An index of a large directory, in memory: in which block each name is, and
 * how much room each block has. It is never needed: where there is no memory
 * for it, there is none, and the directory is searched.
 */
#ifndef RT_EXT_DIR_INDEX_H
#define RT_EXT_DIR_INDEX_H

#include "ext_dir.h"

/* Whether the directory has one, or gets one now. */
bool ext_dir_index_have(struct ext_vnode *dir);

/* Whether it has one. */
bool ext_dir_index_ready(const struct ext_vnode *dir);

void ext_dir_index_drop(struct ext_vnode *dir);

/* As ext_dir_find, for a directory that has one. */
long ext_dir_index_find(struct ext_vnode *dir, const char *name, size_t bytes,
			struct ext_place *at);

/* The first block that has room for an entry; or one behind the last. */
uint64_t ext_dir_index_room(struct ext_vnode *dir, unsigned entry_bytes);

/* What has changed. Each may drop the index; without one they do nothing. */
void ext_dir_index_add(struct ext_vnode *dir, const char *name, size_t bytes,
		       uint64_t lblk);
void ext_dir_index_remove(struct ext_vnode *dir, const char *name, size_t bytes,
			  uint64_t lblk);
/* The block, which may be new, has that much room now. */
void ext_dir_index_set_room(struct ext_vnode *dir, uint64_t lblk,
			    unsigned entry_bytes);

#endif
