/* SPDX-License-Identifier: ISC */
/*
 * Blocks that were given to a file and not written yet. They hold whatever
 * they held before, so they read as zero until they are written, and a commit
 * takes those back that still are not.
 */
#ifndef RT_EXT_OWED_H
#define RT_EXT_OWED_H

#include "ext_vnode.h"

/*
 * Room to add @more pieces: -ENOMEM, or -EAGAIN where a commit should come
 * first, as there are very many.
 */
long ext_owed_reserve(struct ext_vnode *x, unsigned more);

/* [from, to) is owed. */
void ext_owed_add(struct ext_vnode *x, uint64_t from, uint64_t to);

/* It no longer is. One piece must have been reserved. */
void ext_owed_remove(struct ext_vnode *x, uint64_t from, uint64_t to);

/* Nothing from @from on is. */
void ext_owed_cut(struct ext_vnode *x, uint64_t from);

/*
 * Whether @lblk is owed; *@until is where that changes, as far as the next
 * piece shows.
 */
bool ext_owed_is(const struct ext_vnode *x, uint64_t lblk, uint64_t *until);

/* Takes back what is owed in all of the mount, before a commit. */
long ext_owed_settle(struct ext_mount *m);

/* Forgets all about it. */
void ext_owed_free(struct ext_vnode *x);

#endif
