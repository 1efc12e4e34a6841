/* SPDX-License-Identifier: ISC */
/*
 * The superblock where it lies on the disk.
 *
 * THEORY OF OPERATION
 * A commit journals the superblock like any block. But whether there is a
 * journal to replay is said in the superblock itself, and so that is written
 * in place: one bit before the first commit, and again at a clean end, with
 * nothing else changed. A checksum at the superblock's end changes with it. A
 * disk may carry out one of the two and lose the other; then the checksum is
 * right once the bit is turned round, and that is how such a superblock is
 * known. One cut short by a checkpoint is in the journal still.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "ext_store_internal.h"

blk64_t ext_store_super_block(const struct ext_store *store)
{
	return SUPERBLOCK_OFFSET / store->block_bytes;
}

size_t ext_store_super_offset(const struct ext_store *store)
{
	return SUPERBLOCK_OFFSET % store->block_bytes;
}

static bool has_csum(const struct ext2_super_block *super)
{
	return super->s_feature_ro_compat &
	       EXT4_FEATURE_RO_COMPAT_METADATA_CSUM;
}

static uint32_t csum(const struct ext2_super_block *super)
{
	return ext2fs_crc32c_le(~0u, (const unsigned char *)super,
				offsetof(struct ext2_super_block, s_checksum));
}

bool ext_store_super_csum_good(const struct ext2_super_block *super)
{
	return !has_csum(super) || super->s_checksum == csum(super);
}

static bool has_journal(const struct ext2_super_block *super)
{
	return super->s_feature_compat & EXT3_FEATURE_COMPAT_HAS_JOURNAL;
}

static void turn(struct ext2_super_block *super)
{
	if (has_journal(super))
		super->s_feature_incompat ^= EXT3_FEATURE_INCOMPAT_RECOVER;
	else
		super->s_state ^= EXT2_VALID_FS;
}

bool ext_store_super_heal(struct ext2_super_block *super)
{
	struct ext2_super_block other = *super;

	turn(&other);
	if (!ext_store_super_csum_good(&other))
		return false;
	/* Either would do; the bit may already be needed. */
	super->s_checksum = csum(super);
	return true;
}

long ext_store_super_in_use(struct ext_store *store, bool in_use)
{
	uint32_t unit = store->disk->block_bytes;
	uint32_t bytes = unit > SUPERBLOCK_SIZE ? unit : SUPERBLOCK_SIZE;
	uint64_t offset = SUPERBLOCK_OFFSET / unit * unit;
	uint8_t *buffer = malloc(bytes);
	struct bp_segment one = {(uintptr_t)buffer, bytes};
	struct ext2_super_block *super;
	struct ext_block *b;
	bool now;
	long err;

	if (!buffer)
		return -ENOMEM;
	super = (void *)(buffer + SUPERBLOCK_OFFSET % unit);
	err = store->disk->io(store->disk, BP_BLOCK_READ, offset, &one, 1);
	if (err)
		goto out;
	if (has_journal(super))
		now = super->s_feature_incompat & EXT3_FEATURE_INCOMPAT_RECOVER;
	else
		now = !(super->s_state & EXT2_VALID_FS);
	if (now != in_use) {
		turn(super);
		if (has_csum(super))
			super->s_checksum = csum(super);
		store->unflushed = true;
		err = store->disk->io(store->disk, BP_BLOCK_WRITE, offset, &one,
				      1);
	}
	if (!err)
		err = ext_store_barrier(store);
	b = ext_store_find(store, ext_store_super_block(store));
	if (!err && b && !b->state)
		ext_store_drop(store, b);
	if (!err)
		store->in_use = in_use;
out:
	free(buffer);
	return err;
}
