/* SPDX-License-Identifier: ISC */
/*
 * Replay: e2fsck's recovery code, and what it asks of its surroundings.
 *
 * THEORY OF OPERATION
 * recovery.c reads the log and writes what it finds through the functions
 * below, which are the kernel's in name. Its reads come from the disk, its
 * writes go into the cache and no further: whether and when they reach the
 * disk is for the caller to decide, once the whole log was found to be good.
 * A log can be damaged such that following it never ends, so there is a limit
 * to the reads.
 */
#include <errno.h>
#include <string.h>

#include <jfs_user.h>

#include "ext_journal.h"
#include "ext_store_internal.h"

#define WINDOW_BYTES (128u << 10)

struct ext_replay {
	uint64_t reads_left;
	long err;	 /* the first that recovery.c would not pass on */
	uint8_t *window; /* blocks read together */
	blk64_t window_blk;
	uint32_t window_room, window_count;
};

static struct ext_store *store_of(ext2_filsys fs)
{
	return fs->io->private_data;
}

int jbd2_journal_bmap(journal_t *journal, unsigned long block,
		      unsigned long long *phys)
{
	uint32_t run;

	*phys = ext_journal_block(store_of(journal->j_dev->k_fs),
				  (uint32_t)block, &run);
	return 0;
}

struct buffer_head *getblk(kdev_t device, unsigned long long blk, int bytes)
{
	size_t head = offsetof(struct buffer_head, b_data);
	struct buffer_head *bh = calloc(1, head + (size_t)bytes);

	if (!bh)
		return NULL;
	bh->b_fs = device->k_fs;
	bh->b_size = bytes;
	bh->b_blocknr = blk;
	return bh;
}

/* More than asked for: a log is read from one end to the other. */
static long fill_window(struct ext_store *store, blk64_t blk)
{
	struct ext_replay *r = store->replay;
	uint64_t count = r->window_room;
	long err;

	if (blk >= store->blocks)
		return -EIO;
	if (count > store->blocks - blk)
		count = store->blocks - blk;
	r->window_count = 0;
	err = ext_store_transfer_one(store, BP_BLOCK_READ, blk, r->window,
				     count * store->block_bytes);
	if (err && count > 1) {
		count = 1;
		err = ext_store_transfer_one(store, BP_BLOCK_READ, blk,
					     r->window, store->block_bytes);
	}
	if (err)
		return err;
	r->window_blk = blk;
	r->window_count = (uint32_t)count;
	return 0;
}

static long read_log(struct ext_store *store, struct buffer_head *bh)
{
	struct ext_replay *r = store->replay;
	blk64_t blk = bh->b_blocknr;
	long err;

	if (!r->reads_left)
		return -EUCLEAN;
	r->reads_left--;
	if (blk < r->window_blk || blk - r->window_blk >= r->window_count) {
		err = fill_window(store, blk);
		if (err)
			return err;
	}
	memcpy(bh->b_data,
	       r->window + (blk - r->window_blk) * store->block_bytes,
	       store->block_bytes);
	return 0;
}

static long write_cache(struct ext_store *store, const struct buffer_head *bh)
{
	struct ext_block *b;
	long err = ext_store_get(store, bh->b_blocknr, true, &b);

	if (err)
		return err;
	memcpy(b->data, bh->b_data, store->block_bytes);
	ext_store_set_state(store, b, EXT_DIRTY);
	return 0;
}

void ll_rw_block(int rw, int flags, int count, struct buffer_head *bh[])
{
	(void)flags;
	for (int i = 0; i < count; i++) {
		struct ext_store *store = store_of(bh[i]->b_fs);
		long err = 0;

		if (rw == REQ_OP_READ && !bh[i]->b_uptodate)
			err = read_log(store, bh[i]);
		else if (rw == REQ_OP_WRITE && bh[i]->b_dirty)
			err = write_cache(store, bh[i]);
		if (err) {
			bh[i]->b_err = (int)-err;
			if (!store->replay->err)
				store->replay->err = err;
			continue;
		}
		bh[i]->b_uptodate = 1;
		bh[i]->b_dirty = 0;
	}
}

void mark_buffer_dirty(struct buffer_head *bh)
{
	bh->b_dirty = 1;
}

void mark_buffer_uptodate(struct buffer_head *bh, int value)
{
	bh->b_uptodate = value ? 1 : 0;
}

int buffer_uptodate(struct buffer_head *bh)
{
	return bh->b_uptodate;
}

void wait_on_buffer(struct buffer_head *bh)
{
	ll_rw_block(REQ_OP_READ, 0, 1, &bh);
}

void brelse(struct buffer_head *bh)
{
	if (bh->b_dirty)
		ll_rw_block(REQ_OP_WRITE, 0, 1, &bh);
	free(bh);
}

int sync_blockdev(kdev_t device)
{
	(void)device;
	return 0;
}

/* The kernel's view of the journal, as far as recovery.c looks at it. */
static void describe(struct ext_store *store, journal_t *journal, kdev_t device)
{
	struct journal_superblock_s *s = (void *)store->journal.super;

	journal->j_superblock = s;
	journal->j_format_version = 2;
	journal->j_dev = journal->j_fs_dev = device;
	journal->j_blocksize = (int)store->block_bytes;
	journal->j_total_len = store->journal.end;
	journal->j_first = store->journal.first;
	journal->j_last = store->journal.end;
	journal->j_tail = be32(s->s_start);
	journal->j_tail_sequence = be32(s->s_sequence);
	journal->j_transaction_sequence = journal->j_tail_sequence;
	journal->j_csum_seed =
		ext2fs_crc32c_le(~0u, s->s_uuid, sizeof(s->s_uuid));
}

static long recover(struct ext_store *store, ext2_filsys fs)
{
	struct kdev_s device = {.k_fs = fs, .k_dev = K_DEV_FS};
	journal_t journal = {0};
	long err = -ENOMEM;

	describe(store, &journal, &device);
	if (jbd2_journal_init_revoke_record_cache())
		return err;
	if (jbd2_journal_init_revoke_table_cache())
		goto destroy_records;
	if (jbd2_journal_init_revoke(&journal, 1024))
		goto destroy_tables;
	err = jbd2_journal_recover(&journal) ? -EUCLEAN : 0;
	if (store->replay->err)
		err = store->replay->err;
	/* A commit block that is there, but is not right. */
	if (!err && journal.j_failed_commit)
		err = -EUCLEAN;
	if (!err)
		store->journal.tid = journal.j_transaction_sequence;
	jbd2_journal_destroy_revoke(&journal);
destroy_tables:
	jbd2_journal_destroy_revoke_table_cache();
destroy_records:
	jbd2_journal_destroy_revoke_record_cache();
	return err;
}

long ext_journal_replay(struct ext_store *store, ext2_filsys fs)
{
	struct ext_replay replay = {0};
	long err = -ENOMEM;

	/* Three passes see a block once each, and some once more. */
	replay.reads_left = 4ull * store->journal.end + 16;
	replay.window_room = WINDOW_BYTES / store->block_bytes;
	replay.window = malloc(WINDOW_BYTES);
	if (replay.window) {
		store->replay = &replay;
		err = recover(store, fs);
		store->replay = NULL;
		free(replay.window);
	}
	if (err)
		ext_store_drop_pinned(store);
	return err;
}
