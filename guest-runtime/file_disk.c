/* SPDX-License-Identifier: ISC */
/*
 * Raw disks. Reads may begin and end anywhere: what is not whole blocks goes
 * through a buffer. Writes must be whole blocks (EINVAL), as nothing here
 * could make half a block atomic. Reading at the end finds end of file,
 * writing there ENOSPC.
 */
#include "file_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "disk_device.h"
#include "disk_map.h"
#include "file.h"
#include "file_vnode.h"
#include "hypercall_x86_64.h"
#include "runtime.h"
#include "vnode.h"

#define BOUNCE_BYTES 65536 /* the largest block there is */

#ifndef BLKDISCARD
#define BLKDISCARD _IO(0x12, 119) /* linux/fs.h */
#endif
#ifndef BLKPBSZGET
#define BLKPBSZGET _IO(0x12, 123)
#endif

static char bounce[BOUNCE_BYTES];

static const struct bp_device *device_of(const struct rt_file *file)
{
	return __rt_device(file->device);
}

static uint64_t disk_size(struct rt_file *file)
{
	return device_of(file)->capacity_bytes;
}

/* Whole blocks, straight into the caller's memory. 0 or -errno. */
static long transfer(struct rt_file *file, enum bp_block_op op, uint64_t offset,
		     const struct bp_segment *list, unsigned count)
{
	int64_t status =
		hypercall_block_io(file->device, op, offset, list, count);

	return -__rt_errno_of(-status);
}

static long read_bounced(struct rt_file *file, char *to, uint64_t bytes,
			 uint64_t offset)
{
	uint64_t block = device_of(file)->block_bytes;
	uint64_t skip = offset % block;
	struct bp_segment segment = {(uintptr_t)bounce, block};
	long err = transfer(file, BP_BLOCK_READ, offset - skip, &segment, 1);

	if (err)
		return err;
	if (bytes > block - skip)
		bytes = block - skip;
	memcpy(to, bounce + skip, bytes);
	return (long)bytes;
}

static long read_some(struct rt_file *file, char *to, uint64_t bytes,
		      uint64_t offset)
{
	uint64_t block = device_of(file)->block_bytes;
	struct bp_segment segment = {(uintptr_t)to, bytes - bytes % block};
	long err;

	if (offset % block || bytes < block)
		return read_bounced(file, to, bytes, offset);
	err = transfer(file, BP_BLOCK_READ, offset, &segment, 1);
	return err ? err : (long)segment.bytes;
}

/* All of @bytes, which the disk has. 0 or -errno. */
static long read_whole(struct rt_file *file, char *to, uint64_t bytes,
		       uint64_t offset)
{
	while (bytes) {
		long n = read_some(file, to, bytes, offset);

		if (n < 0)
			return n;
		to += n;
		offset += (uint64_t)n;
		bytes -= (uint64_t)n;
	}
	return 0;
}

/*
 * Collects up to BP_MAX_SEGMENTS pieces that @limit bytes cut short. Their
 * sum goes to @total.
 */
static unsigned collect(const struct iovec *iov, int count, uint64_t limit,
			struct bp_segment *list, uint64_t *total)
{
	unsigned n = 0;

	*total = 0;
	for (int i = 0; i < count && n < BP_MAX_SEGMENTS; i++) {
		uint64_t bytes = iov[i].iov_len;

		if (bytes > limit - *total)
			bytes = limit - *total;
		if (!bytes)
			continue;
		list[n].gpa = (uintptr_t)iov[i].iov_base;
		list[n++].bytes = bytes;
		*total += bytes;
	}
	return n;
}

static long disk_readv(struct rt_file *file, const struct iovec *iov, int count,
		       uint64_t offset)
{
	const struct bp_device *d = device_of(file);
	struct bp_segment list[BP_MAX_SEGMENTS];
	uint64_t total;
	unsigned n;
	long err = 0;

	if (offset >= d->capacity_bytes)
		return 0;
	n = collect(iov, count, d->capacity_bytes - offset, list, &total);
	if (!total)
		return 0;
	if (__rt_disk_map_read(file->device, offset, list, n))
		return (long)total;
	if (offset % d->block_bytes == 0 && total % d->block_bytes == 0)
		err = transfer(file, BP_BLOCK_READ, offset, list, n);
	else
		for (unsigned i = 0; i < n && !err; i++) {
			err = read_whole(file, (char *)list[i].gpa,
					 list[i].bytes, offset);
			offset += list[i].bytes;
		}
	return err ? err : (long)total;
}

static long disk_sync(struct rt_file *file, int data_only)
{
	(void)data_only;
	return -__rt_errno_of(-hypercall_block_flush(file->device));
}

/* Cuts @list to the whole blocks at its beginning; their sum. */
static uint64_t cut_to_blocks(struct bp_segment *list, unsigned count,
			      uint64_t total, uint64_t block)
{
	uint64_t left = total - total % block;

	for (unsigned i = 0; i < count; i++) {
		if (list[i].bytes > left)
			list[i].bytes = left;
		left -= list[i].bytes;
	}
	return total - total % block;
}

/* One block that is scattered over more pieces than a list holds. */
static long write_gathered(struct rt_file *file, const struct iovec *iov,
			   uint64_t offset)
{
	uint64_t block = device_of(file)->block_bytes, held = 0;
	struct bp_segment segment = {(uintptr_t)bounce, block};
	long err;

	for (; held < block; iov++) {
		size_t n = iov->iov_len;

		if (n > block - held)
			n = block - held;
		memcpy(bounce + held, iov->iov_base, n);
		held += n;
	}
	err = transfer(file, BP_BLOCK_WRITE, offset, &segment, 1);
	return err ? err : (long)block;
}

/* What a list cannot hold is left to the next write, as write(2) allows. */
static long disk_writev(struct rt_file *file, const struct iovec *iov,
			int count, uint64_t offset)
{
	const struct bp_device *d = device_of(file);
	uint64_t total, wanted = (uint64_t)__rt_iov_bytes(iov, count);
	struct bp_segment list[BP_MAX_SEGMENTS];
	unsigned n;
	long err;

	if (!wanted)
		return 0;
	if (offset % d->block_bytes || wanted % d->block_bytes)
		return -EINVAL;
	if (offset >= d->capacity_bytes)
		return -ENOSPC;
	n = collect(iov, count, d->capacity_bytes - offset, list, &total);
	total = cut_to_blocks(list, n, total, d->block_bytes);
	if (total)
		err = transfer(file, BP_BLOCK_WRITE, offset, list, n);
	else
		err = write_gathered(file, iov, offset);
	if (err < 0)
		return err;
	if (!total)
		total = (uint64_t)err;
	if (file->flags & O_DSYNC) {
		err = disk_sync(file, 1);
		if (err)
			return err;
	}
	return (long)total;
}

static long disk_ioctl(struct rt_file *file, unsigned request, void *arg)
{
	const struct bp_device *d = device_of(file);
	const uint64_t *range = arg;
	int64_t err;

	switch (request) {
	case (unsigned)BLKGETSIZE64:
		*(uint64_t *)arg = d->capacity_bytes;
		return 0;
	case BLKGETSIZE:
		*(unsigned long *)arg = d->capacity_bytes / 512;
		return 0;
	case BLKSSZGET:
	case BLKPBSZGET:
		*(int *)arg = (int)d->block_bytes;
		return 0;
	case BLKROGET:
		*(int *)arg = !!(d->flags & BP_DEVICE_READ_ONLY);
		return 0;
	case BLKFLSBUF:
		return disk_sync(file, 1);
	case BLKDISCARD:
		if (!__rt_writes(file))
			return -EBADF;
		err = hypercall_block_discard(file->device, range[0], range[1]);
		return err == -BP_RANGE ? -EINVAL : -__rt_errno_of(-err);
	default:
		return -ENOTTY;
	}
}

static void disk_stat(struct rt_file *file, struct stat *st)
{
	__rt_vnode_stat(file->vnode, st);
}

static void disk_release(struct rt_file *file)
{
	__rt_vnode_put(file->vnode);
}

static const struct rt_file_ops disk_ops = {
	.readv = disk_readv,
	.writev = disk_writev,
	.ioctl = disk_ioctl,
	.sync = disk_sync,
	.size = disk_size,
	.stat = disk_stat,
	.release = disk_release,
	.mode = S_IFBLK | 0660,
};

struct rt_file *__rt_disk_file(unsigned device)
{
	struct rt_file *f = __rt_file_new(&disk_ops);

	if (f)
		f->device = device;
	return f;
}
