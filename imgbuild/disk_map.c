/* SPDX-License-Identifier: ISC */
#include "disk_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* As the kernel has it; more would hold more blocks than there can be. */
#define EXTENT_DEPTH_MAX 5

#define PIECE_BYTES ((size_t)1 << 20)

/* More than any inode has: an extended attribute in a block or inode. */
#define INLINE_BYTES ((size_t)128 << 10)

struct walk {
	ext2_filsys fs;
	errcode_t (*each)(void *arg, const struct disk_run *run);
	void *arg;
	struct disk_run run;  /* not yet reported; count 0: none */
	uint64_t next;	      /* the first logical block that may come */
	uint64_t mapped;      /* blocks seen */
	uint64_t table_count; /* blocks of addresses seen */
};

static uint64_t disk_blocks(ext2_filsys fs)
{
	return ext2fs_blocks_count(fs->super);
}

static errcode_t report(struct walk *w)
{
	errcode_t err = 0;

	if (w->run.count)
		err = w->each(w->arg, &w->run);
	w->run.count = 0;
	return err;
}

static errcode_t add(struct walk *w, const struct disk_run *run)
{
	uint64_t blocks = disk_blocks(w->fs);
	errcode_t err;

	if (run->logical < w->next || !run->count ||
	    run->physical < w->fs->super->s_first_data_block ||
	    run->count > blocks || run->physical > blocks - run->count ||
	    run->count > blocks - w->mapped)
		return EUCLEAN;
	w->mapped += run->count;
	w->next = run->logical + run->count;
	if (w->run.count && run->logical == w->run.logical + w->run.count &&
	    run->physical == w->run.physical + w->run.count) {
		w->run.count += run->count;
		return 0;
	}
	err = report(w);
	w->run = *run;
	return err;
}

static errcode_t walk_extents(struct walk *w, struct disk_inode *inode)
{
	const struct ext3_extent_header *root =
		(const void *)inode->raw.i_block;
	ext2_extent_handle_t handle;
	struct ext2fs_extent extent;
	int op = EXT2_EXTENT_ROOT;
	errcode_t err;

	if (root->eh_depth > EXTENT_DEPTH_MAX)
		return EUCLEAN;
	err = ext2fs_extent_open2(w->fs, inode->ino, disk_inode_small(inode),
				  &handle);
	if (err)
		return err;
	while (!(err = ext2fs_extent_get(handle, op, &extent))) {
		struct disk_run run = {extent.e_lblk, extent.e_pblk,
				       extent.e_len};

		op = EXT2_EXTENT_NEXT;
		/* An index that goes back could lead round in circles. */
		if (extent.e_lblk < w->next &&
		    !(extent.e_flags & EXT2_EXTENT_FLAGS_SECOND_VISIT)) {
			err = EUCLEAN;
			break;
		}
		if (!(extent.e_flags & EXT2_EXTENT_FLAGS_LEAF))
			continue;
		if (extent.e_flags & EXT2_EXTENT_FLAGS_UNINIT) {
			/* Reads as zeros, but must be in order all the same. */
			w->next = run.logical + run.count;
			err = run.count ? 0 : EUCLEAN;
		} else {
			err = add(w, &run);
		}
		if (err)
			break;
	}
	ext2fs_extent_free(handle);
	return err == EXT2_ET_EXTENT_NO_NEXT ? 0 : err;
}

/* @level 0 is a block of contents, above it are tables of addresses. */
static errcode_t walk_blocks(struct walk *w, uint32_t block, int level,
			     uint64_t logical)
{
	uint32_t per_table = w->fs->blocksize / 4, *table;
	uint64_t span = 1;
	errcode_t err;

	if (!block)
		return 0;
	if (level == 0)
		return add(w, &(struct disk_run){logical, block, 1});
	if (block < w->fs->super->s_first_data_block ||
	    block >= disk_blocks(w->fs) ||
	    w->table_count++ >= disk_blocks(w->fs))
		return EUCLEAN;
	table = malloc(w->fs->blocksize);
	if (!table)
		return EXT2_ET_NO_MEMORY;
	err = io_channel_read_blk64(w->fs->io, block, 1, table);
	for (int i = 1; i < level; i++)
		span *= per_table;
	for (uint32_t i = 0; !err && i < per_table; i++)
		err = walk_blocks(w, table[i], level - 1, logical + i * span);
	free(table);
	return err;
}

static errcode_t walk_table(struct walk *w, const struct disk_inode *inode)
{
	uint64_t logical = EXT2_NDIR_BLOCKS, span = 1;
	errcode_t err = 0;

	for (uint32_t i = 0; !err && i < EXT2_NDIR_BLOCKS; i++)
		err = walk_blocks(w, inode->raw.i_block[i], 0, i);
	for (int level = 1; !err && level <= 3; level++) {
		uint32_t block =
			inode->raw.i_block[EXT2_NDIR_BLOCKS + level - 1];

		span *= w->fs->blocksize / 4;
		err = walk_blocks(w, block, level, logical);
		logical += span;
	}
	return err;
}

errcode_t disk_map_each(ext2_filsys fs, const struct disk_inode *inode,
			errcode_t (*each)(void *arg,
					  const struct disk_run *run),
			void *arg)
{
	struct walk w = {.fs = fs, .each = each, .arg = arg};
	struct disk_inode copy = *inode; /* libext2fs writes to an empty one */
	errcode_t err;

	if (inode->raw.i_flags & EXT4_INLINE_DATA_FL)
		return EUCLEAN;
	if (inode->raw.i_flags & EXT4_EXTENTS_FL)
		err = walk_extents(&w, &copy);
	else
		err = walk_table(&w, inode);
	return err ? err : report(&w);
}

static errcode_t keep_first(void *arg, const struct disk_run *run)
{
	*(struct disk_run *)arg = *run;
	return ECANCELED;
}

errcode_t disk_map_first(ext2_filsys fs, const struct disk_inode *inode,
			 struct disk_run *run)
{
	errcode_t err = disk_map_each(fs, inode, keep_first, run);

	if (err != ECANCELED)
		return err ? err : EUCLEAN;
	return run->logical ? EUCLEAN : 0;
}

static errcode_t read_inline(ext2_filsys fs, const struct disk_inode *inode,
			     void **data, size_t *bytes)
{
	struct disk_inode copy = *inode;
	errcode_t err;

	*data = calloc(1, INLINE_BYTES);
	if (!*data)
		return EXT2_ET_NO_MEMORY;
	err = ext2fs_inline_data_get(fs, inode->ino, disk_inode_small(&copy),
				     *data, bytes);
	if (err)
		free(*data);
	return err;
}

errcode_t disk_map_inline(ext2_filsys fs, const struct disk_inode *inode,
			  void *buf, size_t bytes)
{
	size_t have;
	void *data;
	errcode_t err = read_inline(fs, inode, &data, &have);

	if (err)
		return err;
	if (have < bytes)
		err = EUCLEAN;
	else
		memcpy(buf, data, bytes);
	free(data);
	return err;
}

struct reader {
	ext2_filsys fs;
	errcode_t (*each)(void *arg, uint64_t offset, const void *data,
			  size_t bytes);
	void *arg;
	uint64_t size;
	void *buf;
};

static errcode_t read_run(void *arg, const struct disk_run *run)
{
	struct reader *r = arg;
	uint64_t at = run->logical * r->fs->blocksize;
	uint64_t from = run->physical * r->fs->blocksize;
	uint64_t end = at + run->count * r->fs->blocksize;

	if (end > r->size)
		end = r->size;
	while (at < end) {
		size_t n = end - at < PIECE_BYTES ? (size_t)(end - at)
						  : PIECE_BYTES;
		errcode_t err = disk_io_read(r->fs, from, r->buf, n);

		if (!err)
			err = r->each(r->arg, at, r->buf, n);
		if (err)
			return err;
		at += n;
		from += n;
	}
	return 0;
}

static errcode_t read_file_inline(struct reader *r,
				  const struct disk_inode *inode)
{
	size_t bytes;
	void *data;
	errcode_t err = read_inline(r->fs, inode, &data, &bytes);

	if (err)
		return err;
	if (r->size > bytes)
		err = EUCLEAN;
	else if (r->size)
		err = r->each(r->arg, 0, data, (size_t)r->size);
	free(data);
	return err;
}

errcode_t disk_map_read(ext2_filsys fs, const struct disk_inode *inode,
			errcode_t (*each)(void *arg, uint64_t offset,
					  const void *data, size_t bytes),
			void *arg)
{
	struct reader r = {.fs = fs,
			   .each = each,
			   .arg = arg,
			   .size = disk_inode_size(fs, inode)};
	errcode_t err;

	if (inode->raw.i_flags & EXT4_ENCRYPT_FL)
		return EACCES;
	if (inode->raw.i_flags & EXT4_INLINE_DATA_FL)
		return read_file_inline(&r, inode);
	r.buf = malloc(PIECE_BYTES);
	if (!r.buf)
		return EXT2_ET_NO_MEMORY;
	err = disk_map_each(fs, inode, read_run, &r);
	free(r.buf);
	return err;
}
