/* SPDX-License-Identifier: ISC */
/* Where the blocks of a file are, whichever way the file keeps it. */
#ifndef RT_EXT_MAP_H
#define RT_EXT_MAP_H

#include "ext_vnode.h"

/* Blocks of a new file. */
void ext_map_init(struct ext_vnode *x);

/* The first logical block that there cannot be. */
uint64_t ext_map_end(const struct ext_vnode *x);

/* How many blocks from @lblk on ext_map_insert takes at once. */
uint64_t ext_map_span(const struct ext_vnode *x, uint64_t lblk,
		      enum ext_state state);

/* The run that begins with @lblk. 0 or -errno. */
long ext_map_find(struct ext_vnode *x, uint64_t lblk, struct ext_run *to);

/*
 * Puts a run where a hole is. Its blocks are taken already. On -ENOSPC and
 * -EAGAIN, for there may be no room for the map itself, nothing has changed.
 */
long ext_map_insert(struct ext_vnode *x, const struct ext_run *run);

/* Gives all of these blocks, none of which may be a hole, a state. */
long ext_map_convert(struct ext_vnode *x, uint64_t lblk, uint64_t blocks,
		     enum ext_state state);

/*
 * Frees the blocks of [from, to), or of its beginning, up to *@next: changes
 * few blocks of metadata at a time. -EUCLEAN, with nothing changed, where they
 * are not in use.
 */
long ext_map_remove(struct ext_vnode *x, uint64_t from, uint64_t to,
		    uint64_t *next);

/* The map was changed behind the back of these calls, or is gone. */
void ext_map_forget(struct ext_vnode *x);

#endif
