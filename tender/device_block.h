/* SPDX-License-Identifier: ISC */
/* Block devices: disks of the guest, files or block devices of the host. */
#ifndef DEVICE_BLOCK_H
#define DEVICE_BLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "hypercall.h"

struct disk_option;

struct block_dev {
	int fd;
	bool read_only;
	uint32_t block_bytes;
	uint64_t capacity_bytes;
	const void *map;    /* the file, to be read by the guest; or NULL */
	uint64_t map_bytes; /* whole pages */
};

/*
 * Opens and locks the file behind a disk: shared for a read-only disk,
 * exclusive for a writable one, so that no two tenders write one disk.
 * Prints what is wrong and returns -errno. block_dev_close() undoes it.
 */
int block_dev_open(struct block_dev *dev, const struct disk_option *option);
void block_dev_close(struct block_dev *dev);

/*
 * Moves all of @iov (changed on return) between the file and memory, at
 * @offset. Either the request is refused untouched or every byte has moved,
 * except when the host fails midway (BP_IO, BP_NO_SPACE) or the time limit
 * has passed, after which the guest does not run again.
 */
enum bp_status block_dev_transfer(struct block_dev *dev, bool write,
				  uint64_t offset, struct iovec *iov,
				  unsigned iov_count);

/* Returns once everything written is on the host's stable storage. */
enum bp_status block_dev_flush(struct block_dev *dev);

/* Gives the range back to the host; it reads as zeros from then on. */
enum bp_status block_dev_discard(struct block_dev *dev, uint64_t offset,
				 uint64_t bytes);

#endif
