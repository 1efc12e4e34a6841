/* SPDX-License-Identifier: ISC */
/*
 * Extent trees: where the blocks of a file are, in ext4.
 *
 * THEORY OF OPERATION
 * A node is 12 bytes of header and entries of 12 bytes, sorted by logical
 * block. The root is in the inode; in a leaf an entry is a run of blocks, above
 * it names a node one level down, of which all entries lie between this entry's
 * key and the next one's. A node is checked when it comes from the disk, once;
 * then it stays in the mount's buffers until another file needs them.
 */
#ifndef RT_EXT_EXTENT_H
#define RT_EXT_EXTENT_H

#include "ext_vnode.h"

#define EXT_EXTENT_END	  0xffffffffull /* no such logical block */
#define EXT_DATA_MAX	  32768u	/* blocks of one extent */
#define EXT_UNWRITTEN_MAX 32767u

/* The way to a leaf: its nodes are in ext_mount.tree. */
struct ext_walk {
	unsigned depth; /* level of the leaf */
	int at;		/* the last extent that begins at or before; or -1 */
	uint64_t end;	/* where the next leaf begins */
};

/* An empty root. */
void ext_extent_init(struct ext_vnode *x);

/* Goes to where @lblk is, or would be. */
long ext_extent_walk(struct ext_vnode *x, uint64_t lblk, struct ext_walk *w);

/* The run at @lblk, or the hole from there on. */
long ext_extent_find(struct ext_vnode *x, uint64_t lblk, struct ext_run *to);

static inline struct ext3_extent_header *
ext_extent_header(const struct ext_mount *m, unsigned level)
{
	return (struct ext3_extent_header *)(void *)m->tree[level].bytes;
}

static inline struct ext3_extent *ext_extent_at(const struct ext_mount *m,
						unsigned level, unsigned at)
{
	return EXT_FIRST_EXTENT(ext_extent_header(m, level)) + at;
}

static inline struct ext3_extent_idx *
ext_extent_index(const struct ext_mount *m, unsigned level, unsigned at)
{
	return EXT_FIRST_INDEX(ext_extent_header(m, level)) + at;
}

/* Between the form on the disk and a run. */
struct ext_run ext_extent_run(const struct ext3_extent *e);
struct ext3_extent ext_extent_pack(const struct ext_run *run);

/* What fits into a node below the root. */
unsigned ext_extent_room(const struct ext_mount *m);

/* ext_extent_edit.c; see ext_map.h, whose calls these are for extents. */
long ext_extent_insert(struct ext_vnode *x, const struct ext_run *run);
long ext_extent_convert(struct ext_vnode *x, uint64_t lblk, uint64_t blocks,
			enum ext_state state);
long ext_extent_remove(struct ext_vnode *x, uint64_t from, uint64_t to,
		       uint64_t *next);

/* ext_extent_node.c: entries of nodes, at the place of the last walk. */
long ext_node_write(struct ext_vnode *x, unsigned level);
/* Levels from the leaf up that have no room for @extra entries. */
unsigned ext_node_full(const struct ext_vnode *x, unsigned depth,
		       unsigned extra);
/* Inserts before entry @at. The blocks this takes must be planned. */
long ext_node_insert(struct ext_vnode *x, unsigned level, unsigned at,
		     const struct ext3_extent *entry);
/* Removes @count entries from @at on, in memory only. */
void ext_node_delete(struct ext_vnode *x, unsigned level, unsigned at,
		     unsigned count);
/* The first key of a node has changed: tells the nodes above. */
long ext_node_mend_keys(struct ext_vnode *x, unsigned level);
/* Frees a node without entries, and those above that become empty by it. */
long ext_node_drop(struct ext_vnode *x, unsigned level);

#endif
