/* SPDX-License-Identifier: ISC */
/* What the parts of the store share; see ext_store.h for what it is. */
#ifndef RT_EXT_STORE_INTERNAL_H
#define RT_EXT_STORE_INTERNAL_H

#include "ext_store.h"

#include <ext2fs/bmap64.h>

/* ext_block.state; a block with none of them is as the disk has it */
#define EXT_DIRTY   (1u << 0) /* changed since the last commit */
#define EXT_LOGGED  (1u << 1) /* committed; the log is still needed for it */
#define EXT_ESCAPED (1u << 2) /* the log's copy lacks its first word */
#define EXT_REVOKED                                              \
	(1u << 3) /* data now: the log's copy must not come back \
		   */

/* One block of metadata in memory. */
struct ext_block {
	blk64_t blk;
	unsigned state;
	uint32_t log_at; /* where in the log its committed content is */
	uint8_t *data;
	struct ext_block *hash_next;
	struct ext_block *prev, *next; /* in clean, pinned or spare */
};

struct ext_list {
	struct ext_block *first, *last;
	size_t count;
};

struct ext_cache {
	struct ext_block **hash;
	unsigned hash_bits;
	size_t count;		/* in the hash table */
	struct ext_list clean;	/* last used first; at most clean_max */
	struct ext_list pinned; /* those with a state */
	struct ext_block *spare;
	struct ext_arena *arenas;
	size_t clean_max;
	size_t dirty, revoked; /* of the pinned ones */
	unsigned read_ahead;
};

/* So many blocks of the journal lie together on the disk. */
struct ext_log_run {
	uint32_t first, count;
	blk64_t blk;
};

struct ext_journal {
	struct ext_log_run *runs;
	size_t run_count;
	uint32_t blocks;     /* of the journal's file */
	uint32_t first, end; /* the log; none without a journal */
	uint32_t head;	     /* where the next transaction goes */
	uint32_t used;	     /* blocks from the tail up to there */
	uint32_t tid;	     /* of the next transaction */
	uint8_t *super;	     /* the journal's superblock: one block */
	uint32_t seed;
	unsigned tag_bytes;
	bool csum, wide;
	bool live;    /* the superblock on the disk names the log's start */
	bool restart; /* a commit failed when it may have become valid */
	uint64_t commit_ns;
};

struct ext_store {
	struct rt_disk *disk;
	ext2_filsys fs;
	uint32_t block_bytes;
	blk64_t blocks; /* that the disk has room for */
	bool writable;
	bool unflushed; /* written since the last flush */
	/*
	 * The superblock on the disk says that the file system is in use:
	 * that there is a journal to replay, or without one, not clean.
	 */
	bool in_use;

	struct ext_cache cache;
	struct ext_journal journal;

	/* ext_store_bitmap.c */
	struct ext2_bitmap_ops block_ops, inode_ops;
	const struct ext2_bitmap_ops *block_inner, *inode_inner;
	ext2fs_block_bitmap freed; /* since the last commit */
	bool any_freed;
	uint8_t *group_dirty; /* GROUP_* of each group */
	dgrp_t dirty_from, dirty_to, dirty_groups;
	uint8_t *desc_shadow; /* group descriptors as last written */
	struct ext2_super_block super_shadow;

	/* ext_journal_replay.c */
	struct ext_replay *replay;
};

/* Frees everything, whatever of it there is. */
void ext_store_destroy(struct ext_store *store);

/* ext_store_data.c: the disk, in blocks of the file system */

/* @count pieces of memory, as many as you like, from block @blk on. */
long ext_store_transfer(struct ext_store *store, enum bp_block_op op,
			blk64_t blk, const struct bp_segment *list,
			unsigned count);
/* One piece. */
long ext_store_transfer_one(struct ext_store *store, enum bp_block_op op,
			    blk64_t blk, void *data, size_t bytes);
/* All writes so far are stable. */
long ext_store_barrier(struct ext_store *store);

/* ext_store_cache.c: blocks in memory */

long ext_store_cache_init(struct ext_store *store);
void ext_store_cache_finish(struct ext_store *store);
/* NULL: not in memory. */
struct ext_block *ext_store_find(struct ext_store *store, blk64_t blk);
/*
 * Read if it is not in memory; with @overwrite its content is the caller's to
 * fill. A clean block stays until the next call of this.
 */
long ext_store_get(struct ext_store *store, blk64_t blk, bool overwrite,
		   struct ext_block **to);
/* Its state becomes this; without any it may be forgotten. */
void ext_store_set_state(struct ext_store *store, struct ext_block *b,
			 unsigned state);
void ext_store_drop(struct ext_store *store, struct ext_block *b);
/* Forgets every block with a state that is not on the disk. */
void ext_store_drop_pinned(struct ext_store *store);
/*
 * Writes what is pinned with any of @states to its place on the disk, in the
 * order of the disk. Dirty blocks that are logged too are written as they were
 * committed.
 */
long ext_store_write_home(struct ext_store *store, unsigned states);

/* ext_io.c */

/* Opens libext2fs on the store; @flags as for ext2fs_open2. */
errcode_t ext_io_open_fs(struct ext_store *store, int flags, ext2_filsys *to);
/* 0 or -errno */
long ext_io_errno(errcode_t err);

/* ext_store_super.c: the superblock on the disk */

/*
 * Says there whether the file system is in use, and nothing else, then
 * flushes. The one bit that changes lies in one device block; see
 * ext_store_super_heal for the checksum that lies in another.
 */
long ext_store_super_in_use(struct ext_store *store, bool in_use);
/*
 * Puts a superblock right whose checksum failed only because its last write
 * was cut between the bit and the checksum. Whether it was such.
 */
bool ext_store_super_heal(struct ext2_super_block *super);
bool ext_store_super_csum_good(const struct ext2_super_block *super);
/* Where it is, as a block and an offset in it. */
blk64_t ext_store_super_block(const struct ext_store *store);
size_t ext_store_super_offset(const struct ext_store *store);

/* ext_store_bitmap.c: what is free, and who watches it */

/* Loads the bitmaps of the opened file system and puts the hooks in. */
errcode_t ext_store_bitmap_init(struct ext_store *store);
void ext_store_bitmap_finish(struct ext_store *store);
/* Whether there may be something for ext_store_bitmap_write to do. */
bool ext_store_bitmap_changed(const struct ext_store *store);
/*
 * Puts bitmaps, descriptors and superblock, as far as they changed, into the
 * cache. Freed blocks are free in there.
 */
errcode_t ext_store_bitmap_write(struct ext_store *store);
bool ext_store_is_freed(const struct ext_store *store, blk64_t blk);
/* After a commit: what was freed can be allocated, and is not in memory. */
void ext_store_forget_freed(struct ext_store *store);

/* ext_store_check.c: what can be mounted, and how */

/* What @super does not let us do at all; NULL if nothing. */
const char *ext_store_refusal(const struct ext_store *store,
			      const struct ext2_super_block *super);
/* Why it must not be written; NULL if nothing speaks against it. */
const char *ext_store_read_only_reason(const struct ext2_super_block *super);

/* ext_journal_load.c */

/*
 * Finds the journal of an open file system. -ENOENT: it has none. On other
 * errors *@why says what is wrong with it.
 */
long ext_journal_load(struct ext_store *store, ext2_filsys fs,
		      const char **why);
void ext_journal_finish(struct ext_store *store);
/* Whether the log holds anything. */
bool ext_journal_used(const struct ext_store *store);
bool ext_journal_has_fast_commits(const struct ext_store *store);
/* Whether whoever used it last left an error in it. */
bool ext_journal_has_error(const struct ext_store *store);
/* The block that block @at of the journal is; *@run: so many follow on. */
blk64_t ext_journal_block(const struct ext_store *store, uint32_t at,
			  uint32_t *run);
/* Puts format and checksum seed right for a log that we write. */
void ext_journal_set_format(struct ext_store *store);
/* Writes the journal's superblock: @start 0 says that the log is empty. */
long ext_journal_write_super(struct ext_store *store, uint32_t start,
			     uint32_t tid);

/* ext_journal_replay.c */

/*
 * Brings all committed transactions into the cache, as dirty blocks. Nothing
 * is written.
 */
long ext_journal_replay(struct ext_store *store, ext2_filsys fs);

/* ext_journal.c */

/* One transaction of all dirty blocks, and revoke records. */
long ext_journal_commit(struct ext_store *store);

/* ext_journal_checkpoint.c */

/*
 * Writes what the log holds to its place, then empties the log; the next
 * transaction is number @tid. At the @end the log is not to be read again.
 */
long ext_journal_checkpoint(struct ext_store *store, uint32_t tid, bool end);
/* The committed content of a block, from the log. */
long ext_journal_read_back(struct ext_store *store, const struct ext_block *b,
			   uint8_t *to);

#endif
