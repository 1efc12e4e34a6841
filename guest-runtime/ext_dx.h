/* SPDX-License-Identifier: ISC */
/*
 * Directories with hashes on the disk (EXT2_INDEX_FL). Block 0 is the root of
 * a tree, of which the leaves are ordinary blocks with the names of a range of
 * hashes. To who does not know, all of it looks like a directory.
 */
#ifndef RT_EXT_DX_H
#define RT_EXT_DX_H

#include "ext_dir.h"

/* Whether this directory is such a one. */
bool ext_dx_is(const struct ext_vnode *dir);

/*
 * As ext_dir_find. Where the tree cannot be used - it is damaged, or of a kind
 * that is not known - *@usable is false, and the directory can be searched.
 */
long ext_dx_find(struct ext_vnode *dir, const char *name, size_t bytes,
		 struct ext_place *at, bool *usable);

/* As ext_dir_add. */
long ext_dx_add(struct ext_vnode *dir, const char *name, size_t bytes,
		uint64_t ino, mode_t mode, bool *usable);

/* Makes an ordinary directory of it. */
long ext_dx_drop(struct ext_vnode *dir);

#endif
