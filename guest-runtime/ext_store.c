/* SPDX-License-Identifier: ISC */
/*
 * The store, as its users see it; ext_store_open is in ext_store_open.c.
 *
 * THEORY OF OPERATION
 * The promise: after a crash the disk is as at the last commit that returned,
 * or as at the one under way; and what one says is there, is there. Why:
 *
 * - Between commits nothing that the last commit needs is overwritten. Changed
 *   metadata stays in memory. Data is written at once, but into blocks that
 *   were free at the last commit, as freed ones are not given out before the
 *   next; or into the file's own, as any file system does.
 * - A commit flushes data and log together, and then makes all of it count by
 *   writing one device block (ext_journal.c).
 * - What counts stays in the log until it is in its place and flushed; only
 *   then does the log's start move, and only when that is flushed too is the
 *   room used again (ext_journal_checkpoint.c). Doing it twice is no harm.
 * - A block in the log that is metadata no more is revoked by the commit that
 *   frees it, or if libext2fs only cleared it, by the first one after its data
 *   was written: replay never puts old metadata over data.
 * - An error changes only what is on the disk, never what is in memory, and
 *   leaves a disk to which all of this applies: the next commit goes on.
 *
 * Without a journal only the order is kept: data, then metadata.
 */
#include "ext_store.h"

#include <errno.h>

#include "ext_store_internal.h"

/* Memory that blocks not yet in their place may take. */
#define PINNED_BYTES (16u << 20)

ext2_filsys ext_store_fs(struct ext_store *store)
{
	return store->fs;
}

static bool has_journal(const struct ext_store *store)
{
	return store->journal.end != 0;
}

bool ext_store_pending(const struct ext_store *store)
{
	return store->writable && (store->cache.dirty || store->cache.revoked ||
				   ext_store_bitmap_changed(store));
}

bool ext_store_freed(const struct ext_store *store)
{
	return store->any_freed;
}

bool ext_store_should_commit(const struct ext_store *store)
{
	size_t most = PINNED_BYTES / 2 / store->block_bytes;
	size_t log = store->journal.end - store->journal.first;

	if (!store->writable)
		return false;
	if (has_journal(store) && most > log / 4)
		most = log / 4;
	/* Two bitmaps and a descriptor of each group are still to come. */
	return store->cache.dirty + 3 * (size_t)store->dirty_groups > most;
}

static long commit_in_place(struct ext_store *store)
{
	struct ext_block *b, *next;
	long err = 0;

	if (store->unflushed)
		err = ext_store_barrier(store);
	if (err || !store->cache.dirty)
		return err;
	if (!store->in_use)
		err = ext_store_super_in_use(store, true);
	if (!err)
		err = ext_store_write_home(store, EXT_DIRTY);
	if (!err)
		err = ext_store_barrier(store);
	for (b = store->cache.pinned.first; !err && b; b = next) {
		next = b->next;
		if (ext_store_is_freed(store, b->blk))
			ext_store_drop(store, b);
		else
			ext_store_set_state(store, b, 0);
	}
	return err;
}

static bool should_checkpoint(const struct ext_store *store)
{
	const struct ext_journal *j = &store->journal;

	return j->used > (j->end - j->first) / 2 ||
	       store->cache.pinned.count > PINNED_BYTES / store->block_bytes;
}

long ext_store_commit(struct ext_store *store)
{
	long err = 0;

	if (!store->writable)
		return 0;
	if (ext_store_bitmap_changed(store))
		err = ext_io_errno(ext_store_bitmap_write(store));
	if (err)
		return err;
	if (!has_journal(store))
		err = commit_in_place(store);
	else
		err = ext_journal_commit(store);
	if (err)
		return err;
	ext_store_forget_freed(store);
	/* If this fails, the commit was good: the next one tries again. */
	if (has_journal(store) && should_checkpoint(store))
		ext_journal_checkpoint(store, store->journal.tid, false);
	return 0;
}

long ext_store_flush(struct ext_store *store)
{
	/* Replay would put old metadata over this data. */
	if (store->cache.revoked || store->journal.restart)
		return ext_store_commit(store);
	return store->unflushed ? ext_store_barrier(store) : 0;
}

static long end(struct ext_store *store)
{
	long err = ext_store_commit(store);

	if (!err && store->journal.live)
		err = ext_journal_checkpoint(store, store->journal.tid, true);
	if (!err && store->in_use)
		err = ext_store_super_in_use(store, false);
	return err;
}

void ext_store_destroy(struct ext_store *store)
{
	ext_store_bitmap_finish(store);
	ext2fs_free(store->fs);
	ext_journal_finish(store);
	ext_store_cache_finish(store);
	free(store);
}

long ext_store_close(struct ext_store *store, bool clean)
{
	long err = clean && store->writable ? end(store) : 0;

	ext_store_destroy(store);
	return err;
}
