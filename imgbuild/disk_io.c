/* SPDX-License-Identifier: ISC */
#include "disk_io.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk_pages.h"

/* A negative count of libext2fs is a number of bytes. */
static size_t count_bytes(io_channel channel, int count)
{
	return count < 0 ? (size_t) - (int64_t)count
			 : (size_t)count * (size_t)channel->block_size;
}

/* A block number may be anything; an offset that wraps is nowhere as well. */
static uint64_t block_offset(io_channel channel, unsigned long long block)
{
	uint64_t bytes = (uint64_t)channel->block_size;

	return block > UINT64_MAX / bytes ? UINT64_MAX : block * bytes;
}

static errcode_t manager_read64(io_channel channel, unsigned long long block,
				int count, void *data)
{
	return disk_pages_read(channel->private_data,
			       block_offset(channel, block), data,
			       count_bytes(channel, count));
}

static errcode_t manager_write64(io_channel channel, unsigned long long block,
				 int count, const void *data)
{
	return disk_pages_write(channel->private_data,
				block_offset(channel, block), data,
				count_bytes(channel, count));
}

static errcode_t manager_read(io_channel channel, unsigned long block,
			      int count, void *data)
{
	return manager_read64(channel, block, count, data);
}

static errcode_t manager_write(io_channel channel, unsigned long block,
			       int count, const void *data)
{
	return manager_write64(channel, block, count, data);
}

/* Without this the zeros of a new journal would fill memory, then the file. */
static errcode_t manager_zero(io_channel channel, unsigned long long block,
			      unsigned long long count)
{
	return disk_pages_zero(channel->private_data,
			       block_offset(channel, block),
			       count * (unsigned long long)channel->block_size);
}

static errcode_t manager_set_block_bytes(io_channel channel, int bytes)
{
	channel->block_size = bytes;
	return 0;
}

/* Nothing goes to the file before disk_io_commit(). */
static errcode_t manager_flush(io_channel channel)
{
	(void)channel;
	return 0;
}

static errcode_t manager_close(io_channel channel)
{
	disk_pages_destroy(channel->private_data);
	free(channel->name);
	free(channel);
	return 0;
}

static errcode_t source_parse(struct disk_io_source *s, const char *name)
{
	unsigned writable, blank;

	/* NOLINTNEXTLINE(cert-err34-c): disk_io_name() wrote it */
	if (sscanf(name, "%d:%" SCNu64 ":%" SCNu64 ":%u:%u", &s->fd, &s->base,
		   &s->bytes, &writable, &blank) != 5)
		return EXT2_ET_BAD_DEVICE_NAME;
	s->writable = writable;
	s->blank = blank;
	return 0;
}

static errcode_t manager_open(const char *name, int flags, io_channel *out)
{
	io_channel channel = calloc(1, sizeof(*channel));
	struct disk_io_source source = {0};
	struct disk_pages *pages;
	errcode_t err = EXT2_ET_NO_MEMORY;

	(void)flags;
	if (!channel)
		return err;
	channel->name = strdup(name);
	if (channel->name)
		err = source_parse(&source, name);
	if (!err)
		err = disk_pages_create(&source, &pages);
	if (err) {
		free(channel->name);
		free(channel);
		return err;
	}
	channel->magic = EXT2_ET_MAGIC_IO_CHANNEL;
	channel->manager = disk_io_manager();
	channel->block_size = SUPERBLOCK_SIZE;
	channel->refcount = 1;
	channel->private_data = pages;
	*out = channel;
	return 0;
}

io_manager disk_io_manager(void)
{
	/* Never written; libext2fs lacks the const. */
	static struct struct_io_manager manager = {
		.magic = EXT2_ET_MAGIC_IO_MANAGER,
		.name = "imgbuild",
		.open = manager_open,
		.close = manager_close,
		.set_blksize = manager_set_block_bytes,
		.read_blk = manager_read,
		.write_blk = manager_write,
		.flush = manager_flush,
		.read_blk64 = manager_read64,
		.write_blk64 = manager_write64,
		.zeroout = manager_zero,
	};

	return &manager;
}

void disk_io_name(char name[DISK_IO_NAME_BYTES], const struct disk_io_source *s)
{
	snprintf(name, DISK_IO_NAME_BYTES, "%d:%" PRIu64 ":%" PRIu64 ":%u:%u",
		 s->fd, s->base, s->bytes, s->writable, s->blank);
}

errcode_t disk_io_read(ext2_filsys fs, uint64_t offset, void *buf, size_t bytes)
{
	return disk_pages_read_direct(fs->io->private_data, offset, buf, bytes);
}

errcode_t disk_io_write(ext2_filsys fs, uint64_t offset, const void *buf,
			size_t bytes)
{
	return disk_pages_write_direct(fs->io->private_data, offset, buf,
				       bytes);
}

errcode_t disk_io_commit(ext2_filsys fs, const struct ext2_super_block *unclean)
{
	return disk_pages_commit(fs->io->private_data, unclean);
}
