/* SPDX-License-Identifier: ISC */
/*
 * What is allocated: libext2fs's bitmaps, and writing what changed in them.
 *
 * THEORY OF OPERATION
 * Both bitmaps get operations of our own around those of libext2fs, so that
 * whoever changes a bit tells us which group is dirty: a commit looks at those
 * groups alone. A block that is freed keeps its bit, and is noted in a bitmap
 * beside it: no allocator can find it. What is written to the disk leaves
 * those blocks out, and once that is committed their bits are cleared.
 */
#include <errno.h>
#include <string.h>

#include "ext_store_internal.h"

#define GROUP_BLOCKS (1u << 0)
#define GROUP_INODES (1u << 1)

static struct ext_store *store_of(ext2fs_generic_bitmap_64 map)
{
	return map->fs->io->private_data;
}

static void group_is_dirty(struct ext_store *store, dgrp_t group, uint8_t what)
{
	if (group >= store->fs->group_desc_count)
		return;
	if (!store->group_dirty[group])
		store->dirty_groups++;
	store->group_dirty[group] |= what;
	if (group < store->dirty_from)
		store->dirty_from = group;
	if (group >= store->dirty_to)
		store->dirty_to = group + 1;
}

static void blocks_changed(struct ext_store *store, blk64_t blk, uint64_t count)
{
	dgrp_t from = ext2fs_group_of_blk2(store->fs, blk);
	dgrp_t to = ext2fs_group_of_blk2(store->fs, blk + count - 1);

	for (dgrp_t group = from; group <= to; group++)
		group_is_dirty(store, group, GROUP_BLOCKS);
}

static void inode_changed(struct ext_store *store, uint64_t ino)
{
	group_is_dirty(
		store,
		(dgrp_t)((ino - 1) / store->fs->super->s_inodes_per_group),
		GROUP_INODES);
}

#define RUN_MAX (1u << 30)

/* Runs of set bits in [blk, end): 0, or -1 when there is none left. */
static int next_run(ext2fs_block_bitmap map, blk64_t *blk, blk64_t end,
		    blk64_t *count)
{
	blk64_t zero;

	if (*blk >= end ||
	    ext2fs_find_first_set_block_bitmap2(map, *blk, end - 1, blk))
		return -1;
	if (ext2fs_find_first_zero_block_bitmap2(map, *blk, end - 1, &zero))
		zero = end;
	*count = zero - *blk;
	if (*count > RUN_MAX)
		*count = RUN_MAX;
	return 0;
}

static void free_range(struct ext_store *store, blk64_t blk, uint64_t num)
{
	blk64_t end = blk + num, count;

	for (; !next_run(store->fs->block_map, &blk, end, &count);
	     blk += count) {
		ext2fs_mark_block_bitmap_range2(store->freed, blk,
						(unsigned)count);
		store->any_freed = true;
	}
}

static void mark_extent(ext2fs_generic_bitmap_64 map, __u64 blk,
			unsigned int num)
{
	struct ext_store *store = store_of(map);

	blocks_changed(store, blk, num);
	if (store->any_freed)
		ext2fs_unmark_block_bitmap_range2(store->freed, blk, num);
	store->block_inner->mark_bmap_extent(map, blk, num);
}

static void unmark_extent(ext2fs_generic_bitmap_64 map, __u64 blk,
			  unsigned int num)
{
	struct ext_store *store = store_of(map);

	blocks_changed(store, blk, num);
	free_range(store, blk, num);
}

static int mark(ext2fs_generic_bitmap_64 map, __u64 blk)
{
	struct ext_store *store = store_of(map);
	bool freed = ext_store_is_freed(store, blk);

	blocks_changed(store, blk, 1);
	if (freed)
		ext2fs_unmark_block_bitmap2(store->freed, blk);
	return store->block_inner->mark_bmap(map, blk) && !freed;
}

static int unmark(ext2fs_generic_bitmap_64 map, __u64 blk)
{
	struct ext_store *store = store_of(map);

	blocks_changed(store, blk, 1);
	if (!store->block_inner->test_bmap(map, blk) ||
	    ext_store_is_freed(store, blk))
		return 0;
	free_range(store, blk, 1);
	return 1;
}

static int mark_inode(ext2fs_generic_bitmap_64 map, __u64 ino)
{
	struct ext_store *store = store_of(map);

	inode_changed(store, ino);
	return store->inode_inner->mark_bmap(map, ino);
}

static int unmark_inode(ext2fs_generic_bitmap_64 map, __u64 ino)
{
	struct ext_store *store = store_of(map);

	inode_changed(store, ino);
	return store->inode_inner->unmark_bmap(map, ino);
}

static void mark_inodes(ext2fs_generic_bitmap_64 map, __u64 ino,
			unsigned int num)
{
	struct ext_store *store = store_of(map);

	for (unsigned i = 0; i < num; i++)
		inode_changed(store, ino + i);
	store->inode_inner->mark_bmap_extent(map, ino, num);
}

static void unmark_inodes(ext2fs_generic_bitmap_64 map, __u64 ino,
			  unsigned int num)
{
	struct ext_store *store = store_of(map);

	for (unsigned i = 0; i < num; i++)
		inode_changed(store, ino + i);
	store->inode_inner->unmark_bmap_extent(map, ino, num);
}

static void put_hooks_in(struct ext_store *store)
{
	ext2fs_generic_bitmap_64 blocks = (void *)store->fs->block_map;
	ext2fs_generic_bitmap_64 inodes = (void *)store->fs->inode_map;

	store->block_inner = blocks->bitmap_ops;
	store->block_ops = *blocks->bitmap_ops;
	store->block_ops.mark_bmap = mark;
	store->block_ops.unmark_bmap = unmark;
	store->block_ops.mark_bmap_extent = mark_extent;
	store->block_ops.unmark_bmap_extent = unmark_extent;
	blocks->bitmap_ops = &store->block_ops;

	store->inode_inner = inodes->bitmap_ops;
	store->inode_ops = *inodes->bitmap_ops;
	store->inode_ops.mark_bmap = mark_inode;
	store->inode_ops.unmark_bmap = unmark_inode;
	store->inode_ops.mark_bmap_extent = mark_inodes;
	store->inode_ops.unmark_bmap_extent = unmark_inodes;
	inodes->bitmap_ops = &store->inode_ops;
}

errcode_t ext_store_bitmap_init(struct ext_store *store)
{
	ext2_filsys fs = store->fs;
	size_t desc_bytes = (size_t)fs->desc_blocks * fs->blocksize;
	errcode_t err = ext2fs_read_bitmaps(fs);

	if (err)
		return err;
	/* Freed ranges are few, so a tree, whatever the others are. */
	fs->default_bitmap_type = EXT2FS_BMAP64_RBTREE;
	err = ext2fs_allocate_block_bitmap(fs, "freed blocks", &store->freed);
	/* ext2fs_flush would write every one of them. */
	fs->write_bitmaps = NULL;
	if (err)
		return err;
	store->group_dirty = calloc(fs->group_desc_count, 1);
	store->desc_shadow = malloc(desc_bytes);
	if (!store->group_dirty || !store->desc_shadow)
		return EXT2_ET_NO_MEMORY;
	memcpy(store->desc_shadow, fs->group_desc, desc_bytes);
	store->super_shadow = *fs->super;
	store->dirty_from = fs->group_desc_count;
	put_hooks_in(store);
	return 0;
}

void ext_store_bitmap_finish(struct ext_store *store)
{
	if (store->freed)
		ext2fs_free_block_bitmap(store->freed);
	store->freed = NULL;
	free(store->group_dirty);
	free(store->desc_shadow);
	store->group_dirty = store->desc_shadow = NULL;
}

bool ext_store_is_freed(const struct ext_store *store, blk64_t blk)
{
	return store->any_freed && ext2fs_test_block_bitmap2(store->freed, blk);
}

void ext_store_forget_freed(struct ext_store *store)
{
	ext2fs_generic_bitmap_64 map = (void *)store->fs->block_map;
	blk64_t blk = store->fs->super->s_first_data_block, count;
	blk64_t end = ext2fs_blocks_count(store->fs->super);

	if (!store->any_freed)
		return;
	for (; !next_run(store->freed, &blk, end, &count); blk += count)
		store->block_inner->unmark_bmap_extent(map, blk,
						       (unsigned)count);
	ext2fs_clear_block_bitmap(store->freed);
	store->any_freed = false;
}

static uint8_t *desc_shadow_of(const struct ext_store *store, dgrp_t group)
{
	return (uint8_t *)ext2fs_group_desc(store->fs,
					    (void *)store->desc_shadow, group);
}

/*
 * libext2fs may begin to use a group by nothing but a flag in its descriptor.
 * Then bitmaps must be written that were not needed before.
 */
static void find_begun_groups(struct ext_store *store, dgrp_t from, dgrp_t to)
{
	ext2_filsys fs = store->fs;

	for (dgrp_t group = from; group < to; group++) {
		const struct ext2_group_desc *old =
			(const void *)desc_shadow_of(store, group);
		unsigned begun = old->bg_flags & ~ext2fs_bg_flags(fs, group);

		if (begun & EXT2_BG_BLOCK_UNINIT)
			group_is_dirty(store, group, GROUP_BLOCKS);
		if (begun & EXT2_BG_INODE_UNINIT)
			group_is_dirty(store, group, GROUP_INODES);
	}
}

/* What the disk is to say of a group's blocks. */
static errcode_t get_blocks(struct ext_store *store, dgrp_t group, uint8_t *to)
{
	ext2_filsys fs = store->fs;
	uint32_t per_group = fs->super->s_blocks_per_group;
	blk64_t start = ext2fs_group_first_block2(fs, group);
	blk64_t end = ext2fs_group_last_block2(fs, group) + 1;
	blk64_t blk = start, count;
	errcode_t err;

	memset(to, 0xff, fs->blocksize);
	err = ext2fs_get_block_bitmap_range2(fs->block_map, start, per_group,
					     to);
	if (err)
		return err;
	/* The last group may be short. */
	for (uint64_t bit = end - start; bit < per_group; bit++)
		ext2fs_set_bit((unsigned)bit, to);
	while (store->any_freed && !next_run(store->freed, &blk, end, &count)) {
		for (; count; count--, blk++)
			ext2fs_clear_bit((unsigned)(blk - start), to);
	}
	return ext2fs_block_bitmap_csum_set(fs, group, (char *)to,
					    (int)(per_group / 8));
}

static errcode_t get_inodes(struct ext_store *store, dgrp_t group, uint8_t *to)
{
	ext2_filsys fs = store->fs;
	uint32_t per_group = fs->super->s_inodes_per_group;
	errcode_t err;

	memset(to, 0xff, fs->blocksize);
	err = ext2fs_get_inode_bitmap_range2(fs->inode_map,
					     (ext2_ino_t)group * per_group + 1,
					     per_group, to);
	if (err)
		return err;
	return ext2fs_inode_bitmap_csum_set(fs, group, (char *)to,
					    (int)(per_group / 8));
}

static errcode_t write_group(struct ext_store *store, dgrp_t group, uint8_t *to)
{
	ext2_filsys fs = store->fs;
	bool csum = ext2fs_has_group_desc_csum(fs);
	unsigned dirty = store->group_dirty[group];
	errcode_t err = 0;

	if (csum && ext2fs_bg_flags_test(fs, group, EXT2_BG_BLOCK_UNINIT))
		dirty &= ~GROUP_BLOCKS;
	if (csum && ext2fs_bg_flags_test(fs, group, EXT2_BG_INODE_UNINIT))
		dirty &= ~GROUP_INODES;
	if (dirty & GROUP_BLOCKS) {
		err = get_blocks(store, group, to);
		if (!err)
			err = io_channel_write_blk64(
				fs->io, ext2fs_block_bitmap_loc(fs, group), 1,
				to);
	}
	if (!err && (dirty & GROUP_INODES)) {
		err = get_inodes(store, group, to);
		if (!err)
			err = io_channel_write_blk64(
				fs->io, ext2fs_inode_bitmap_loc(fs, group), 1,
				to);
	}
	if (dirty)
		ext2fs_group_desc_csum_set(fs, group);
	if (!err) {
		store->group_dirty[group] = 0;
		store->dirty_groups--;
	}
	return err;
}

static bool desc_block_changed(const struct ext_store *store, unsigned long i)
{
	size_t at = (size_t)i * store->block_bytes;

	return memcmp(store->desc_shadow + at,
		      (const uint8_t *)store->fs->group_desc + at,
		      store->block_bytes) != 0;
}

static errcode_t write_desc_block(struct ext_store *store, unsigned long i)
{
	ext2_filsys fs = store->fs;
	size_t at = (size_t)i * store->block_bytes;
	uint8_t *now = (uint8_t *)fs->group_desc + at;
	blk64_t blk = ext2fs_descriptor_block_loc2(
		fs, fs->super->s_first_data_block, (dgrp_t)i);
	errcode_t err = io_channel_write_blk64(fs->io, blk, 1, now);

	if (!err)
		memcpy(store->desc_shadow + at, now, store->block_bytes);
	return err;
}

static errcode_t write_super(struct ext_store *store)
{
	ext2_filsys fs = store->fs;
	struct ext_block *b;
	errcode_t err;
	long error;

	store->super_shadow.s_wtime = fs->super->s_wtime;
	store->super_shadow.s_checksum = fs->super->s_checksum;
	if (!memcmp(&store->super_shadow, fs->super, sizeof(*fs->super)))
		return 0;
	fs->super->s_wtime = (uint32_t)(fs->now ? fs->now : time(NULL));
	err = ext2fs_superblock_csum_set(fs, fs->super);
	if (err)
		return err;
	error = ext_store_get(store, ext_store_super_block(store), false, &b);
	if (error)
		return (errcode_t)-error;
	memcpy(b->data + ext_store_super_offset(store), fs->super,
	       SUPERBLOCK_SIZE);
	ext_store_set_state(store, b, b->state | EXT_DIRTY);
	store->super_shadow = *fs->super;
	return 0;
}

static errcode_t write_groups(struct ext_store *store)
{
	uint8_t *buffer = malloc(store->block_bytes);
	errcode_t err = 0;

	if (!buffer)
		return EXT2_ET_NO_MEMORY;
	for (dgrp_t i = store->dirty_from; !err && i < store->dirty_to; i++)
		if (store->group_dirty[i])
			err = write_group(store, i, buffer);
	free(buffer);
	if (!err) {
		store->dirty_from = store->fs->group_desc_count;
		store->dirty_to = 0;
	}
	return err;
}

bool ext_store_bitmap_changed(const struct ext_store *store)
{
	int flags = EXT2_FLAG_DIRTY | EXT2_FLAG_BB_DIRTY | EXT2_FLAG_IB_DIRTY;

	return store->dirty_groups || store->any_freed ||
	       (store->fs->flags & flags);
}

errcode_t ext_store_bitmap_write(struct ext_store *store)
{
	ext2_filsys fs = store->fs;
	unsigned per_block = (unsigned)EXT2_DESC_PER_BLOCK(fs->super);
	errcode_t err;

	for (unsigned long i = 0; i < fs->desc_blocks; i++)
		if (desc_block_changed(store, i)) {
			dgrp_t from = (dgrp_t)(i * per_block);
			dgrp_t to = from + per_block;

			if (to > fs->group_desc_count)
				to = fs->group_desc_count;
			find_begun_groups(store, from, to);
		}
	err = write_groups(store);
	for (unsigned long i = 0; !err && i < fs->desc_blocks; i++)
		if (desc_block_changed(store, i))
			err = write_desc_block(store, i);
	if (!err)
		err = write_super(store);
	if (!err)
		fs->flags &= ~(EXT2_FLAG_DIRTY | EXT2_FLAG_BB_DIRTY |
			       EXT2_FLAG_IB_DIRTY);
	return err;
}
