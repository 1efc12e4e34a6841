/* SPDX-License-Identifier: ISC */
#include "disk_alloc.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "disk_io.h"

#define TABLE_LEVELS 3

static errcode_t add_run(struct disk_alloc *a, const struct disk_run *run)
{
	struct disk_run *last = a->run_count ? &a->run[a->run_count - 1] : NULL;

	if (last && last->logical + last->count == run->logical &&
	    last->physical + last->count == run->physical) {
		last->count += run->count;
		return 0;
	}
	if (!a->run || a->run_count == a->run_allocated) {
		size_t want = a->run_allocated * 2 + 16;
		struct disk_run *v = reallocarray(a->run, want, sizeof(*v));

		if (!v)
			return EXT2_ET_NO_MEMORY;
		a->run = v;
		a->run_allocated = want;
	}
	a->run[a->run_count++] = *run;
	return 0;
}

/* The next free blocks, @count at most, taken. */
static errcode_t take(struct disk_alloc *a, uint64_t count, blk64_t *first,
		      blk64_t *got)
{
	errcode_t err =
		ext2fs_new_range(a->fs, 0, a->goal, count, NULL, first, got);

	if (err)
		return err;
	if (*got > count)
		*got = count;
	ext2fs_block_alloc_stats_range(a->fs, *first, (blk_t)*got, 1);
	a->goal = *first + *got;
	return 0;
}

errcode_t disk_alloc_add(struct disk_alloc *a, uint64_t logical, uint64_t count)
{
	errcode_t err = 0;

	while (!err && count) {
		struct disk_run run = {.logical = logical};
		blk64_t first = 0, got = 0;

		err = take(a, count, &first, &got);
		if (err)
			break;
		run.physical = first;
		run.count = got;
		err = add_run(a, &run);
		a->blocks += got;
		logical += got;
		count -= got;
	}
	return err;
}

static errcode_t record_extents(struct disk_alloc *a, struct disk_inode *inode)
{
	ext2_extent_handle_t handle;
	errcode_t err;

	inode->raw.i_flags |= EXT4_EXTENTS_FL;
	err = ext2fs_extent_open2(a->fs, inode->ino, disk_inode_small(inode),
				  &handle);
	if (err)
		return err;
	for (size_t i = 0; !err && i < a->run_count; i++) {
		struct disk_run left = a->run[i];

		while (!err && left.count) {
			uint64_t n = left.count < EXT_INIT_MAX_LEN
					     ? left.count
					     : EXT_INIT_MAX_LEN;
			struct ext2fs_extent extent = {.e_pblk = left.physical,
						       .e_lblk = left.logical,
						       .e_len = (uint32_t)n};

			err = ext2fs_extent_insert(
				handle, EXT2_EXTENT_INSERT_AFTER, &extent);
			left.physical += n;
			left.logical += n;
			left.count -= n;
		}
	}
	ext2fs_extent_free(handle);
	return err;
}

/* The tables that lead to the last block, from the inode's own table on. */
struct tables {
	struct disk_alloc *a;
	struct disk_inode *inode;
	struct {
		uint64_t key; /* which of all tables this is, 0: none yet */
		uint32_t block;
		uint32_t *address;
	} at[TABLE_LEVELS];
	uint64_t count;
};

static errcode_t write_tables(struct tables *t, int from)
{
	uint32_t bytes = t->a->fs->blocksize;
	errcode_t err = 0;

	for (int i = from; !err && i < TABLE_LEVELS; i++) {
		if (t->at[i].key)
			err = disk_io_write(t->a->fs,
					    (uint64_t)t->at[i].block * bytes,
					    t->at[i].address, bytes);
		t->at[i].key = 0;
	}
	return err;
}

/* Begins a new table at this depth; @slot is where its address goes. */
static errcode_t begin_table(struct tables *t, int depth, uint64_t key,
			     uint32_t *slot)
{
	blk64_t block = 0, got = 0;
	errcode_t err = write_tables(t, depth);

	if (!err)
		err = take(t->a, 1, &block, &got);
	if (err)
		return err;
	memset(t->at[depth].address, 0, t->a->fs->blocksize);
	t->at[depth].key = key;
	t->at[depth].block = (uint32_t)block;
	*slot = (uint32_t)block;
	t->count++;
	return 0;
}

static errcode_t record_block(struct tables *t, uint64_t logical,
			      uint32_t physical)
{
	/* A table has a power of two of addresses, 4 bytes each. */
	unsigned bits = EXT2_BLOCK_SIZE_BITS(t->a->fs->super) - 2, levels = 1;
	uint64_t index = logical - EXT2_NDIR_BLOCKS;
	uint64_t mask = ((uint64_t)1 << bits) - 1;
	uint32_t *slot;

	if (logical < EXT2_NDIR_BLOCKS) {
		t->inode->raw.i_block[logical] = physical;
		return 0;
	}
	for (; index >> levels * bits; levels++) {
		if (levels == TABLE_LEVELS)
			return EXT2_ET_FILE_TOO_BIG;
		index -= (uint64_t)1 << levels * bits;
	}
	slot = t->inode->raw.i_block + EXT2_NDIR_BLOCKS + levels - 1;
	for (unsigned depth = 0; depth < levels; depth++) {
		unsigned below = (levels - depth) * bits;
		/* Above 0, and different for any two tables of a depth. */
		uint64_t key = (uint64_t)levels << 48 | index >> below;

		if (t->at[depth].key != key) {
			errcode_t err = begin_table(t, (int)depth, key, slot);

			if (err)
				return err;
		}
		slot = t->at[depth].address + (index >> (below - bits) & mask);
	}
	*slot = physical;
	return 0;
}

static errcode_t record_tables(struct disk_alloc *a, struct disk_inode *inode,
			       uint64_t *table_count)
{
	struct tables t = {.a = a, .inode = inode};
	errcode_t err = 0;

	for (int i = 0; i < TABLE_LEVELS; i++) {
		t.at[i].address = calloc(1, a->fs->blocksize);
		if (!t.at[i].address)
			err = EXT2_ET_NO_MEMORY;
	}
	for (size_t i = 0; !err && i < a->run_count; i++)
		for (uint64_t n = 0; !err && n < a->run[i].count; n++)
			err = record_block(&t, a->run[i].logical + n,
					   (uint32_t)(a->run[i].physical + n));
	if (!err)
		err = write_tables(&t, 0);
	for (int i = 0; i < TABLE_LEVELS; i++)
		free(t.at[i].address);
	*table_count = t.count;
	return err;
}

/* Files with nothing but a hole at their end may be too long as well. */
static bool too_big(ext2_filsys fs, uint64_t size)
{
	uint64_t n = fs->blocksize / 4, blocks = UINT32_MAX - 1;

	if (!ext2fs_has_feature_extents(fs->super) &&
	    12 + n + n * n + n * n * n < blocks)
		blocks = 12 + n + n * n + n * n * n;
	return size > blocks * fs->blocksize;
}

errcode_t disk_alloc_record(struct disk_alloc *a, struct disk_inode *inode,
			    uint64_t size_bytes)
{
	struct ext2_inode *small = disk_inode_small(inode);
	uint64_t table_count = 0;
	errcode_t err;

	if (too_big(a->fs, size_bytes))
		return EXT2_ET_FILE_TOO_BIG;
	err = ext2fs_inode_size_set(a->fs, small, (ext2_off64_t)size_bytes);
	if (!err)
		err = ext2fs_iblk_set(a->fs, small, a->blocks);
	/* Checksums of tables depend on the inode as it is on the disk. */
	if (!err)
		err = disk_inode_write(a->fs, inode);
	if (err)
		return err;
	if (ext2fs_has_feature_extents(a->fs->super))
		err = record_extents(a, inode);
	else
		err = record_tables(a, inode, &table_count);
	if (!err)
		err = ext2fs_iblk_add_blocks(a->fs, small, table_count);
	return err ? err : disk_inode_write(a->fs, inode);
}

void disk_alloc_reset(struct disk_alloc *a)
{
	a->run_count = 0;
	a->blocks = 0;
}

void disk_alloc_finish(struct disk_alloc *a)
{
	free(a->run);
	a->run = NULL;
	a->run_allocated = 0;
	disk_alloc_reset(a);
}
