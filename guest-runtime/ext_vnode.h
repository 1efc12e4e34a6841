/* SPDX-License-Identifier: ISC */
/*
 * What the files of the ext file system share: a mount and a vnode of it.
 *
 * THEORY OF OPERATION
 * Everything between two commits is one transaction of the store, so nothing
 * here cares about the order of writes; what is never done is to leave a
 * change half made. Each call first finds out whether it can succeed (room in
 * directory blocks, free blocks for new tree nodes, memory), and only then
 * changes the first byte. Should the disk or memory fail after that, the mount
 * is broken: nothing is committed any more, and the disk stays as the last
 * commit left it.
 *
 * On the disk everything is little-endian, and so are the machines this runs
 * on; libext2fs's structures are used as they are.
 */
#ifndef RT_EXT_VNODE_H
#define RT_EXT_VNODE_H

#include <ext2fs/ext2fs.h>
#include <stdbool.h>
#include <stdint.h>

#include "ext_store.h"
#include "vnode.h"

#define EXT_MAX_DEPTH 5	    /* of an extent tree; also covers block maps */
#define EXT_LINK_MAX  65000 /* names of a file, directories of a directory */
#define EXT_WINDOWS   16    /* see ext_alloc.h */
#define EXT_PLAN_MAX  16    /* blocks that one change of a tree may need */

struct ext_dir_index;
struct ext_orphan;

enum ext_state { EXT_HOLE, EXT_DATA, EXT_UNWRITTEN };

/* A piece of a file: @blocks blocks from @lblk on, at @pblk on the disk. */
struct ext_run {
	uint64_t lblk;
	uint64_t blocks;
	blk64_t pblk; /* nothing in a hole */
	enum ext_state state;
};

/* Pieces of a file, [from, to) each, in order: see ext_owed.h. */
struct ext_owed {
	struct ext_piece {
		uint64_t from, to;
	} * piece;
	unsigned count, max;
	struct ext_vnode *prev, *next; /* of all files that owe some */
};

struct ext_vnode {
	struct rt_vnode v; /* first: the two are one */
	/*
	 * The inode as it will be written. Flags, the map of blocks and the
	 * block of attributes are true here, the rest is in @v.
	 */
	struct ext2_inode_large raw;
	struct ext_run run; /* of the last lookup; blocks 0: none */
	struct ext_dir_index *index;
	uint64_t checked; /* which of a directory's first 64 blocks */
	bool no_index;	  /* it could not be built, or kept */
	struct ext_orphan *orphan;
	uint32_t dtime;	 /* of a deleted file */
	blk64_t last;	 /* behind the blocks it got last; 0: none yet */
	unsigned window; /* its own, + 1; 0: none */
	struct ext_owed owed;
	bool quiet; /* the vnode is not, or no longer, known to others */
	bool fresh; /* nothing of the inode is on the disk */
};

/* The node of a mapping tree at one level on the way to a block. */
struct ext_node {
	blk64_t blk;	/* 0: nothing in @bytes; level 0 is in the inode */
	uint8_t *bytes; /* a whole block */
	unsigned at;	/* which entry leads on */
};

/* Free blocks found for the nodes that a change may need. */
struct ext_plan {
	blk64_t blk[EXT_PLAN_MAX];
	unsigned count, used;
};

/* Free blocks that a growing file will take next. */
struct ext_window {
	struct ext_vnode *owner;
	blk64_t next, end;
};

struct ext_mount {
	struct rt_mount *mount;
	struct ext_store *store;
	ext2_filsys fs;
	uint32_t block_bytes;
	unsigned block_bits;
	bool broken; /* a change was left half made: no more commits */

	/* The nodes on the way to where @tree_of was looked up last. */
	const struct ext_vnode *tree_of;
	struct ext_node tree[EXT_MAX_DEPTH + 1];
	struct ext_plan plan;

	struct ext_window windows[EXT_WINDOWS];
	unsigned next_window;
	struct ext_vnode *owing; /* the first file that owes data */

	struct ext_orphan *orphans; /* newest first, as on the disk */
	unsigned detached;	    /* of these: files that have no vnode */
	unsigned doomed;	    /* of these: those that wait for deletion */
	struct ext_vnode worker;    /* of a file that has none (yet) */
	uint32_t generation;	    /* of the next file */
	uint64_t hash_key;

	uint8_t *spare;	    /* a block, for who changes a mapping tree */
	uint8_t *dir_block; /* blocks for who works on a directory */
	uint8_t *dx_block;
	uint8_t *inode; /* a whole inode, of any size */
	uint8_t *buffers;
};

static inline struct ext_vnode *ext_vnode(struct rt_vnode *v)
{
	return (struct ext_vnode *)(void *)v;
}

static inline struct ext_mount *ext_mount(const struct ext_vnode *x)
{
	return x->v.mount->fs;
}

/* Its attributes have changed. */
static inline void ext_dirty(struct ext_vnode *x)
{
	if (!x->quiet)
		__rt_vnode_dirty(&x->v, RT_DIRTY_ATTR);
}

/* -errno for an error of libext2fs, 0 for 0. */
long ext_errno(errcode_t error);

/*
 * A change could not be completed: returns @error, and no commit succeeds any
 * more.
 */
long ext_break(struct ext_mount *m, long error);

/* The file system is not what it should be: the next e2fsck shall look. */
void ext_damaged(struct ext_mount *m);

/*
 * One block of metadata, through the store's cache. Blocks outside of the file
 * system are -EUCLEAN.
 */
long ext_block_read(struct ext_mount *m, blk64_t blk, void *to);
long ext_block_write(struct ext_mount *m, blk64_t blk, const void *from);

/* Whether these are blocks of the file system. */
bool ext_blocks_exist(const struct ext_mount *m, blk64_t blk, uint64_t count);

#endif
