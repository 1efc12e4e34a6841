/* SPDX-License-Identifier: ISC */
/*
 * The io_manager through which libext2fs sees the store: every read comes
 * from the cache, and every write goes there, to be committed later. What is
 * written as it already is changes nothing.
 */
#include <errno.h>
#include <string.h>

#include "ext_store_internal.h"

/* libext2fs opens by name; this is what the name stands for. */
static struct ext_store *opening;

static struct ext_store *store_of(io_channel io)
{
	return io->private_data;
}

static errcode_t io_open(const char *name, int flags, io_channel *to);

static errcode_t io_close(io_channel io)
{
	if (--io->refcount > 0)
		return 0;
	free(io);
	return 0;
}

static errcode_t io_set_blksize(io_channel io, int bytes)
{
	io->block_size = bytes;
	return 0;
}

/*
 * One piece within a block of the cache. @to or @from is NULL. A block that is
 * written whole need not be read.
 */
static errcode_t one_block(struct ext_store *store, blk64_t blk, size_t skip,
			   size_t bytes, uint8_t *to, const uint8_t *from)
{
	struct ext_block *b;
	bool known = ext_store_find(store, blk) != NULL;
	bool whole = from && bytes == store->block_bytes;
	long err = ext_store_get(store, blk, whole, &b);

	if (err)
		return err == -ENOMEM ? EXT2_ET_NO_MEMORY : (errcode_t)-err;
	if (to) {
		memcpy(to, b->data + skip, bytes);
		return 0;
	}
	if (!from)
		return EXT2_ET_INVALID_ARGUMENT;
	known = known || !whole;
	if (known && !(b->state & EXT_REVOKED) &&
	    !memcmp(b->data + skip, from, bytes))
		return 0;
	memcpy(b->data + skip, from, bytes);
	ext_store_set_state(store, b, (b->state & ~EXT_REVOKED) | EXT_DIRTY);
	return 0;
}

/* @count as libext2fs has it: blocks, or if negative bytes. */
static errcode_t transfer(io_channel io, unsigned long long block, int count,
			  uint8_t *to, const uint8_t *from)
{
	struct ext_store *store = store_of(io);
	uint64_t unit = (uint64_t)io->block_size, at, left;
	errcode_t err = 0;

	left = count < 0 ? (uint64_t) - (int64_t)count : (uint64_t)count * unit;
	if (block > store->blocks * store->block_bytes / unit)
		return EIO;
	at = block * unit;
	while (!err && left) {
		size_t skip = at % store->block_bytes;
		size_t bytes = store->block_bytes - skip;

		if (bytes > left)
			bytes = left;
		err = one_block(store, at / store->block_bytes, skip, bytes, to,
				from);
		to = to ? to + bytes : NULL;
		from = from ? from + bytes : NULL;
		at += bytes;
		left -= bytes;
	}
	return err;
}

static errcode_t io_read64(io_channel io, unsigned long long block, int count,
			   void *to)
{
	return transfer(io, block, count, to, NULL);
}

static errcode_t io_read(io_channel io, unsigned long block, int count,
			 void *to)
{
	return transfer(io, block, count, to, NULL);
}

static errcode_t io_write64(io_channel io, unsigned long long block, int count,
			    const void *from)
{
	if (!store_of(io)->writable)
		return EXT2_ET_RO_FILSYS;
	return transfer(io, block, count, NULL, from);
}

static errcode_t io_write(io_channel io, unsigned long block, int count,
			  const void *from)
{
	return io_write64(io, block, count, from);
}

/* Commits are ext_store_commit's. */
static errcode_t io_flush(io_channel io)
{
	(void)io;
	return 0;
}

/* Blocks of file data are cleared as data is written: past the cache. */
static errcode_t io_zeroout(io_channel io, unsigned long long block,
			    unsigned long long count)
{
	struct ext_store *store = store_of(io);
	struct bp_segment list[BP_MAX_SEGMENTS];
	uint8_t *zeros;
	long err = 0;

	if (io->block_size != (int)store->block_bytes)
		return EXT2_ET_UNIMPLEMENTED;
	zeros = calloc(1, store->block_bytes);
	if (!zeros)
		return EXT2_ET_NO_MEMORY;
	for (unsigned i = 0; i < BP_MAX_SEGMENTS; i++) {
		list[i].gpa = (uintptr_t)zeros;
		list[i].bytes = store->block_bytes;
	}
	while (!err && count) {
		unsigned n = BP_MAX_SEGMENTS;

		if (n > count)
			n = (unsigned)count;
		err = ext_store_write(store, block, list, n);
		block += n;
		count -= n;
	}
	free(zeros);
	return (errcode_t)-err;
}

static struct struct_io_manager manager = {
	.magic = EXT2_ET_MAGIC_IO_MANAGER,
	.name = "store",
	.open = io_open,
	.close = io_close,
	.set_blksize = io_set_blksize,
	.read_blk = io_read,
	.write_blk = io_write,
	.flush = io_flush,
	.read_blk64 = io_read64,
	.write_blk64 = io_write64,
	.zeroout = io_zeroout,
};

static errcode_t io_open(const char *name, int flags, io_channel *to)
{
	io_channel io = calloc(1, sizeof(*io));

	(void)name, (void)flags;
	if (!io)
		return EXT2_ET_NO_MEMORY;
	io->magic = EXT2_ET_MAGIC_IO_CHANNEL;
	io->manager = &manager;
	io->block_size = 1024;
	io->refcount = 1;
	io->private_data = opening;
	*to = io;
	return 0;
}

errcode_t ext_io_open_fs(struct ext_store *store, int flags, ext2_filsys *to)
{
	errcode_t err;

	opening = store;
	err = ext2fs_open2("disk", NULL, flags | EXT2_FLAG_64BITS, 0, 0,
			   &manager, to);
	opening = NULL;
	return err;
}

long ext_io_errno(errcode_t err)
{
	if (!err)
		return 0;
	if (err == EXT2_ET_NO_MEMORY)
		return -ENOMEM;
	if (err == EXT2_ET_RO_FILSYS)
		return -EROFS;
	/* Numbers of libext2fs's own begin far above those of errno. */
	return err < 4096 ? -err : -EUCLEAN;
}
