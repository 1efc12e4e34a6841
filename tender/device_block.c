/* SPDX-License-Identifier: ISC */
/*
 * Block device: guest requests served from one host file descriptor. Data
 * moves directly between the descriptor and guest memory.
 */
#include "device_block.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interrupt.h"
#include "log.h"
#include "memory_map.h"
#include "options.h"

#define PIECE_BYTES   ((size_t)64 << 20)
#define LARGE_BYTES   (2ULL << 20)
/* Where KVM shadows page tables, it takes 2 GiB of the host for so much. */
#define MAP_MAX_BYTES (1ULL << 40)

/* Prints "disk NAME: PATH: " and why; returns -@err. */
#define DISK_ERROR(o, err, fmt, ...)                                          \
	(log_error("disk %s: %s: " fmt, (o)->name, (o)->path, ##__VA_ARGS__), \
	 -(err))

static int open_file(const struct disk_option *o, int extra)
{
	int access = o->read_only ? O_RDONLY : O_RDWR;
	/* O_NONBLOCK: a FIFO must be refused, not waited for. */
	int fd = open(o->path, access | O_CLOEXEC | O_NONBLOCK | extra);

	if (fd >= 0)
		return fd;
	switch (errno) {
	case ENOENT:
		return DISK_ERROR(o, ENOENT,
				  "no such file; make it with imgbuild disk "
				  "create, or truncate -s 64M");
	case EACCES:
	case EPERM:
	case EROFS:
		return DISK_ERROR(o, EACCES, "no permission to %s it%s",
				  o->read_only ? "read" : "write",
				  o->read_only ? "" : "; add ,ro for reading");
	case EISDIR:
		return DISK_ERROR(o, EISDIR,
				  "a directory; name a file or a "
				  "block device");
	case EBUSY:
		return DISK_ERROR(o, EBUSY, "in use by the host; unmount it");
	default:
		return DISK_ERROR(o, errno, "%s", strerror(errno));
	}
}

/* Open file description locks: fcntl(2); held until the descriptor closes. */
static int lock_file(const struct disk_option *o, int fd)
{
	struct flock lock = {
		.l_type = o->read_only ? F_RDLCK : F_WRLCK,
		.l_whence = SEEK_SET,
	};

	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return 0;
	if (errno == EAGAIN || errno == EACCES)
		return DISK_ERROR(o, EBUSY, "already in use as a disk%s",
				  o->read_only
					  ? " that is being written"
					  : "; end the other tender, or attach "
					    "it with ,ro everywhere");
	return DISK_ERROR(o, errno, "cannot lock: %s", strerror(errno));
}

static int measure(const struct disk_option *o, struct block_dev *dev)
{
	struct stat st;

	if (fstat(dev->fd, &st) < 0)
		return DISK_ERROR(o, errno, "%s", strerror(errno));
	if (S_ISREG(st.st_mode))
		dev->capacity_bytes = (uint64_t)st.st_size;
	else if (!S_ISBLK(st.st_mode))
		return DISK_ERROR(o, EINVAL,
				  "neither a regular file nor a "
				  "block device");
	else if (ioctl(dev->fd, BLKGETSIZE64, &dev->capacity_bytes) < 0)
		return DISK_ERROR(o, errno, "cannot tell its size: %s",
				  strerror(errno));
	if (dev->capacity_bytes == 0)
		return DISK_ERROR(o, EINVAL,
				  "empty; give it a size, for "
				  "example with truncate -s 64M");
	if (dev->capacity_bytes % o->block_bytes)
		return DISK_ERROR(o, EINVAL,
				  "its size, %llu bytes, is not a multiple of "
				  "the block size %u; pad it with truncate "
				  "-s %%%u",
				  (unsigned long long)dev->capacity_bytes,
				  o->block_bytes, o->block_bytes);
	return 0;
}

/* A block device in use by the host (mounted) is refused through O_EXCL. */
static int open_exclusively(const struct disk_option *o)
{
	struct stat st;
	bool block = !stat(o->path, &st) && S_ISBLK(st.st_mode);

	return open_file(o, block && !o->read_only ? O_EXCL : 0);
}

static int not_mapped(const struct disk_option *o, int err)
{
	if (err == ENOMEM)
		return DISK_ERROR(o, err,
				  "no room to map %s; leave out map, or raise "
				  "the limit (ulimit -v)",
				  o->path);
	return DISK_ERROR(o, err, "cannot be mapped (%s); leave out map",
			  strerror(err));
}

/*
 * The guest's view of the file, which begins where a large page can. Never to
 * be written: a guest writes by its hypercall, and sees here what it wrote.
 */
static int map_file(const struct disk_option *o, struct block_dev *dev)
{
	uint64_t bytes = (dev->capacity_bytes + BP_PAGE_BYTES - 1) /
			 BP_PAGE_BYTES * BP_PAGE_BYTES;
	uint8_t *room, *at;

	if (bytes > MAP_MAX_BYTES)
		return DISK_ERROR(
			o, EFBIG,
			"more than 1 TiB cannot be mapped; leave out map");
	room = mmap(NULL, bytes + LARGE_BYTES, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (room == MAP_FAILED)
		return not_mapped(o, errno);
	at = room + LARGE_BYTES - (uintptr_t)room % LARGE_BYTES;
	if (mmap(at, bytes, PROT_READ, MAP_SHARED | MAP_FIXED, dev->fd, 0) ==
	    MAP_FAILED) {
		int err = errno;

		munmap(room, bytes + LARGE_BYTES);
		return not_mapped(o, err);
	}
	(void)madvise(at, bytes, MADV_DONTDUMP);
	/* Where the file system can, what is read from now on comes so. */
	(void)madvise(at, bytes, MADV_HUGEPAGE);
	dev->map = at;
	dev->map_bytes = bytes;
	return 0;
}

int block_dev_open(struct block_dev *dev, const struct disk_option *o)
{
	int err;

	dev->read_only = o->read_only;
	dev->block_bytes = o->block_bytes;
	dev->fd = open_exclusively(o);
	if (dev->fd < 0)
		return dev->fd;
	err = measure(o, dev);
	if (!err)
		err = lock_file(o, dev->fd);
	if (!err && o->map)
		err = map_file(o, dev);
	if (err)
		close(dev->fd);
	return err;
}

void block_dev_close(struct block_dev *dev)
{
	close(dev->fd);
}

static enum bp_status status_of(int err)
{
	switch (err) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return BP_NO_SPACE;
	case EOPNOTSUPP:
		return BP_UNSUPPORTED;
	default:
		return BP_IO;
	}
}

static enum bp_status check_range(const struct block_dev *dev, uint64_t offset,
				  uint64_t bytes)
{
	if (offset % dev->block_bytes || bytes % dev->block_bytes || !bytes)
		return BP_INVALID;
	if (bytes > dev->capacity_bytes || offset > dev->capacity_bytes - bytes)
		return BP_RANGE;
	return BP_OK;
}

/* Drops the first @done bytes from the list. */
static void advance(struct iovec **iov, unsigned *count, size_t done)
{
	while (*count && done >= (*iov)->iov_len) {
		done -= (*iov)->iov_len;
		++*iov;
		--*count;
	}
	if (*count) {
		(*iov)->iov_base = (char *)(*iov)->iov_base + done;
		(*iov)->iov_len -= done;
	}
}

/* One system call; a piece is small enough for the time limit to come through.
 */
static ssize_t move_piece(const struct block_dev *dev, bool write,
			  uint64_t offset, const struct iovec *iov,
			  unsigned count)
{
	struct iovec first = *iov;
	size_t bytes = 0;
	unsigned n = 0;

	while (n < count && iov[n].iov_len <= PIECE_BYTES - bytes)
		bytes += iov[n++].iov_len;
	if (n == 0) {
		first.iov_len = PIECE_BYTES;
		iov = &first;
		n = 1;
	}
	/* seccomp: preadv, pwritev on a disk's descriptor */
	return write ? pwritev(dev->fd, iov, (int)n, (off_t)offset)
		     : preadv(dev->fd, iov, (int)n, (off_t)offset);
}

enum bp_status block_dev_transfer(struct block_dev *dev, bool write,
				  uint64_t offset, struct iovec *iov,
				  unsigned iov_count)
{
	enum bp_status status;
	uint64_t bytes = 0;

	for (unsigned i = 0; i < iov_count; i++)
		bytes += iov[i].iov_len; /* each within guest memory */
	status = check_range(dev, offset, bytes);
	if (status != BP_OK)
		return status;
	if (write && dev->read_only)
		return BP_READ_ONLY;
	while (bytes) {
		ssize_t n = move_piece(dev, write, offset, iov, iov_count);

		if (interrupt_pending())
			return BP_IO; /* the guest will not see it */
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return status_of(errno);
		if (n == 0)
			return BP_IO; /* the file became shorter */
		offset += (uint64_t)n;
		bytes -= (uint64_t)n;
		advance(&iov, &iov_count, (size_t)n);
	}
	return BP_OK;
}

enum bp_status block_dev_flush(struct block_dev *dev)
{
	if (dev->read_only)
		return BP_OK;
	/* seccomp: fdatasync on a disk's descriptor */
	while (fdatasync(dev->fd) < 0)
		if (errno != EINTR || interrupt_pending())
			return status_of(errno);
	return BP_OK;
}

enum bp_status block_dev_discard(struct block_dev *dev, uint64_t offset,
				 uint64_t bytes)
{
	enum bp_status status = check_range(dev, offset, bytes);

	if (status != BP_OK)
		return status;
	if (dev->read_only)
		return BP_READ_ONLY;
	/* seccomp: fallocate on a disk's descriptor */
	while (fallocate(dev->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 (off_t)offset, (off_t)bytes) < 0)
		if (errno != EINTR || interrupt_pending())
			return status_of(errno);
	return BP_OK;
}
