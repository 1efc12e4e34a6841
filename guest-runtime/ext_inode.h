/* SPDX-License-Identifier: ISC */
/* Inodes: between their form on the disk and a vnode. */
#ifndef RT_EXT_INODE_H
#define RT_EXT_INODE_H

#include "ext_vnode.h"

/* rt_fs_ops */
long ext_inode_load(struct rt_vnode *v);
void ext_inode_evict(struct rt_vnode *v);
long ext_inode_write_attr(struct rt_vnode *v);

/* The mount's own vnode, empty but for the number of its inode. */
struct ext_vnode *ext_inode_worker(struct ext_mount *m, ext2_ino_t ino);

/* Writes the inode as the vnode has it. */
long ext_inode_write(struct ext_vnode *x);

/* A new one: attributes of @init, no names and no blocks. */
void ext_inode_init(struct ext_vnode *x, const struct ext_vnode *dir,
		    const struct rt_vnode *init);

/* Takes over what libext2fs did to the inode of a directory. */
long ext_inode_reload(struct ext_vnode *x);

/*
 * A new inode for a file of @dir, in the mount's worker. It is on the disk only
 * when it is written. ext_inode_undo gives it back, with the blocks it got.
 */
long ext_inode_new(struct ext_vnode *dir, const struct rt_vnode *init,
		   struct ext_vnode **to);
void ext_inode_undo(struct ext_vnode *x);

/*
 * Frees the blocks from @lblk on; -EAGAIN where a commit has to come before
 * the rest.
 */
long ext_inode_cut(struct ext_vnode *x, uint64_t lblk);

/* Frees a file that has no name, its blocks and its inode; as above. */
long ext_inode_delete(struct ext_vnode *x);

/* Whether all that a symbolic link says is in its inode. */
bool ext_inode_fast_link(const struct ext_vnode *x);

#endif
