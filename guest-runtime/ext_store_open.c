/* SPDX-License-Identifier: ISC */
/*
 * Opening: from bytes that may be anything to a file system that libext2fs
 * can be trusted with.
 *
 * THEORY OF OPERATION
 * The journal is found and replayed before anything else is believed, into
 * the cache. Then the file system is opened as it is after replay, and it is
 * decided whether it can be written. Only if it can, and everything needed for
 * that is loaded, is the result of the replay written to the disk, and after
 * that the log emptied. So a disk that is only read is never changed.
 */
#include <errno.h>
#include <string.h>

#include "ext_store_internal.h"

#define MAX_LOG_BLOCK_SIZE 6 /* 64 KiB */

static long read_super(struct rt_disk *disk, struct ext2_super_block *to)
{
	uint32_t unit = disk->block_bytes;
	uint32_t bytes = unit > SUPERBLOCK_SIZE ? unit : SUPERBLOCK_SIZE;
	uint64_t offset = SUPERBLOCK_OFFSET / unit * unit;
	uint8_t *buffer = malloc(bytes);
	struct bp_segment one = {(uintptr_t)buffer, bytes};
	long err;

	if (!buffer)
		return -ENOMEM;
	err = disk->io(disk, BP_BLOCK_READ, offset, &one, 1);
	if (!err)
		memcpy(to, buffer + SUPERBLOCK_OFFSET % unit, sizeof(*to));
	free(buffer);
	return err;
}

/* As the cache has it: after replay, if there was any. */
static long cached_super(struct ext_store *store, struct ext2_super_block *to)
{
	struct ext_block *b;
	long err =
		ext_store_get(store, ext_store_super_block(store), false, &b);

	if (!err)
		memcpy(to, b->data + ext_store_super_offset(store),
		       sizeof(*to));
	return err;
}

static long put_super(struct ext_store *store,
		      const struct ext2_super_block *super)
{
	struct ext_block *b;
	long err =
		ext_store_get(store, ext_store_super_block(store), false, &b);

	if (err)
		return err;
	memcpy(b->data + ext_store_super_offset(store), super, sizeof(*super));
	ext_store_set_state(store, b, b->state | EXT_DIRTY);
	return 0;
}

static bool needs_recovery(const struct ext2_super_block *super)
{
	return super->s_feature_incompat & EXT3_FEATURE_INCOMPAT_RECOVER;
}

static const char damaged[] = "its superblock is damaged; run e2fsck";
static const char no_memory[] = "there is too little memory for it";

static long open_fs(struct ext_store *store, int flags, const char **why)
{
	errcode_t err = ext_io_open_fs(store, flags, &store->fs);

	*why = NULL;
	if (!err)
		return 0;
	store->fs = NULL;
	if (err == EXT2_ET_NO_MEMORY)
		*why = no_memory;
	else if (err < 4096)
		*why = "it cannot be read";
	else
		*why = damaged;
	return ext_io_errno(err);
}

static void close_fs(struct ext_store *store)
{
	ext_store_bitmap_finish(store);
	ext2fs_free(store->fs);
	store->fs = NULL;
}

/*
 * The journal, and its replay. Errors are those that leave nothing to mount;
 * *@reason is why the file system must not be written.
 */
static long replay(struct ext_store *store, const char **reason,
		   const char **why)
{
	bool recover = needs_recovery(store->fs->super);
	long err = ext_journal_load(store, store->fs, why);

	if (err == -ENOENT)
		return 0;
	if (err && (err == -ENOMEM || recover))
		return err;
	if (err) {
		*reason = *why;
		ext_journal_finish(store);
		return 0;
	}
	if (ext_journal_has_error(store))
		*reason = "its journal has errors on record; run e2fsck";
	if (!ext_journal_used(store))
		return 0;
	if (!recover) {
		*reason = "its journal is not empty, as it should; run e2fsck";
		return 0;
	}
	*why = "its journal has fast commits; run e2fsck";
	if (ext_journal_has_fast_commits(store))
		return -EOPNOTSUPP;
	*why = "its journal cannot be replayed; run e2fsck";
	err = ext_journal_replay(store, store->fs);
	if (err == -ENOMEM)
		*why = no_memory;
	return err;
}

/* Opens and replays; afterwards *@super is as it is then. */
static long recover(struct ext_store *store, struct ext2_super_block *super,
		    const char **reason, const char **why)
{
	bool csum = ext_store_super_csum_good(super);
	int flags = csum ? 0 : EXT2_FLAG_IGNORE_CSUM_ERRORS;
	long err;

	*why = "it cannot be read";
	if (!csum && ext_store_super_heal(super)) {
		err = put_super(store, super);
		if (err)
			return err;
		csum = true;
		flags = 0;
	}
	*why = damaged;
	/* The journal may have a good one, but nothing else has. */
	if (!csum && !needs_recovery(super))
		return -EUCLEAN;
	err = open_fs(store, flags, why);
	if (!err && store->fs)
		err = replay(store, reason, why);
	close_fs(store);
	if (err)
		return err;
	*why = "it cannot be read";
	err = cached_super(store, super);
	if (err)
		return err;
	*why = damaged;
	return ext_store_super_csum_good(super) ? 0 : -EUCLEAN;
}

static const char *check_groups(ext2_filsys fs)
{
	if (fs->super->s_blocks_per_group % 8 ||
	    fs->super->s_inodes_per_group % 8)
		return damaged;
	for (dgrp_t i = 0; i < fs->group_desc_count; i++)
		if (!ext2fs_group_desc_csum_verify(fs, i))
			return "its group descriptors are damaged; run e2fsck";
	if (ext2fs_check_desc(fs))
		return "its group descriptors are damaged; run e2fsck";
	return NULL;
}

/* Loads what writing needs. *@reason says why it cannot be written. */
static long prepare_writing(struct ext_store *store, const char **reason)
{
	errcode_t err;

	*reason = check_groups(store->fs);
	if (*reason)
		return 0;
	err = ext_store_bitmap_init(store);
	if (err == EXT2_ET_NO_MEMORY)
		return -ENOMEM;
	if (err)
		*reason = "its bitmaps are damaged; run e2fsck";
	return 0;
}

/* What was replayed goes to its place, then the log is emptied. */
static long begin_writing(struct ext_store *store)
{
	struct ext2_super_block *super = store->fs->super;
	struct ext_journal *j = &store->journal;
	long err = 0;

	if (store->cache.dirty) {
		err = ext_store_write_home(store, EXT_DIRTY);
		if (!err)
			err = ext_store_barrier(store);
	}
	if (err)
		return err;
	while (store->cache.pinned.first)
		ext_store_set_state(store, store->cache.pinned.first, 0);
	if (j->end) {
		bool used = ext_journal_used(store);

		ext_journal_set_format(store);
		if (used)
			err = ext_journal_write_super(store, 0, j->tid);
		if (used && !err)
			err = ext_store_barrier(store);
		store->in_use = needs_recovery(super);
		ext2fs_set_feature_journal_needs_recovery(super);
	} else {
		super->s_state &= (__u16)~EXT2_VALID_FS;
	}
	super->s_mnt_count++;
	super->s_mtime = (uint32_t)time(NULL);
	return err;
}

static long open_recovered(struct ext_store *store, bool write,
			   const char **reason, const char **why)
{
	long err = open_fs(store, write ? EXT2_FLAG_RW : 0, why);

	if (err || !write)
		return err;
	store->writable = true;
	*why = no_memory;
	err = prepare_writing(store, reason);
	if (!err && !*reason) {
		*why = "it cannot be written";
		return begin_writing(store);
	}
	store->writable = false;
	close_fs(store);
	if (err)
		return err;
	return open_fs(store, 0, why);
}

/* What the disk holds, as far as the superblock says. */
static long probe(struct ext_store *store, struct ext2_super_block *super,
		  const char **why)
{
	struct rt_disk *disk = store->disk;
	long err;

	if (disk->bytes < SUPERBLOCK_OFFSET + SUPERBLOCK_SIZE ||
	    disk->bytes < disk->block_bytes)
		return -EINVAL;
	*why = "it cannot be read";
	err = read_super(disk, super);
	if (err)
		return err;
	if (super->s_magic != EXT2_SUPER_MAGIC)
		return -EINVAL;
	*why = damaged;
	if (super->s_log_block_size > MAX_LOG_BLOCK_SIZE)
		return -EUCLEAN;
	store->block_bytes = 1024u << super->s_log_block_size;
	store->blocks = disk->bytes / store->block_bytes;
	*why = ext_store_refusal(store, super);
	return *why ? -EOPNOTSUPP : 0;
}

static long open_store(struct ext_store *store, bool write, bool *read_only,
		       const char **why)
{
	struct ext2_super_block super;
	const char *reason = NULL;
	long err = probe(store, &super, why);

	if (err)
		return err;
	*why = no_memory;
	if (ext_store_cache_init(store))
		return -ENOMEM;
	err = recover(store, &super, &reason, why);
	if (err)
		return err;
	/* Replay may have brought another superblock. */
	*why = ext_store_refusal(store, &super);
	if (*why)
		return -EOPNOTSUPP;
	if (!reason)
		reason = ext_store_read_only_reason(&super);
	err = open_recovered(store, write && !reason, &reason, why);
	if (err)
		return err;
	*read_only = !store->writable;
	*why = write ? reason : NULL;
	return 0;
}

long ext_store_open(struct rt_disk *disk, bool want_write,
		    struct ext_store **to, bool *read_only, const char **why)
{
	struct ext_store *store = calloc(1, sizeof(*store));
	long err;

	*why = no_memory;
	if (!store)
		return -ENOMEM;
	store->disk = disk;
	err = open_store(store, want_write && !disk->read_only, read_only, why);
	if (err)
		ext_store_destroy(store);
	else
		*to = store;
	return err;
}
