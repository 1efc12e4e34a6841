/* SPDX-License-Identifier: ISC */
/*
 * Orphans: inodes that a crash must not leak. Those of files without a name,
 * deleted when the last user is gone, and of files whose blocks are being
 * freed in more than one transaction.
 *
 * THEORY OF OPERATION
 * On the disk they are a list: its head is in the superblock, the links are in
 * i_dtime. In memory they are a list too, and only a commit brings the one on
 * the disk in line: most orphans do not live that long.
 */
#ifndef RT_EXT_ORPHAN_H
#define RT_EXT_ORPHAN_H

#include "ext_vnode.h"

/* Whether @x, which has just been loaded, is one. */
bool ext_orphan_attach(struct ext_vnode *x);
/* @x is going to be forgotten. */
void ext_orphan_detach(struct ext_vnode *x);

/* -ENOMEM, or 0 and it is one; a second time changes nothing. */
long ext_orphan_add(struct ext_vnode *x);

/* It is none any more. */
void ext_orphan_remove(struct ext_vnode *x);

/* What i_dtime of an orphan has to say: the next one. */
uint32_t ext_orphan_next(const struct ext_orphan *o);

/* The inode of one that waits for deletion; 0: none does. */
ext2_ino_t ext_orphan_doomed(const struct ext_mount *m);

/*
 * Nobody uses the file any more, but it could not be deleted yet: what is left
 * is deleted by ext_orphan_continue, after commits. True where that has done
 * something: there should be one more.
 */
void ext_orphan_doom(struct ext_vnode *x);
bool ext_orphan_continue(struct ext_mount *m);

/* Brings the list on the disk in line, before a commit. */
long ext_orphan_sync(struct ext_mount *m);

/*
 * Deletes, or cuts to their size, what a crash left behind. -EUCLEAN where the
 * list is damaged.
 */
long ext_orphan_recover(struct ext_mount *m);

/* Deletes files without a name although they are in use: it is the end. */
void ext_orphan_delete_used(struct ext_mount *m);

/* Forgets all of them. */
void ext_orphan_free(struct ext_mount *m);

#endif
