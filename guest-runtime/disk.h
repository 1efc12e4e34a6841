/* SPDX-License-Identifier: ISC */
/*
 * A disk as file systems see it: a block device of the tender (disk.c), a
 * piece of the image (rootfs.c), or, in tests, a file or a recording.
 */
#ifndef RT_DISK_H
#define RT_DISK_H

#include <stdint.h>

#include "hypercall.h"

struct rt_disk {
	const char *name;
	uint64_t bytes;
	uint32_t block_bytes; /* power of two, 512 to 65536 */
	int read_only;
	/*
	 * Carries out one BP_BLOCK_READ or BP_BLOCK_WRITE of whole blocks at
	 * @offset, from or to at most BP_MAX_SEGMENTS pieces of memory of any
	 * length and alignment, or a BP_BLOCK_FLUSH (no pieces), or a
	 * BP_BLOCK_DISCARD (@count 1, gpa ignored; may be -EOPNOTSUPP).
	 * Writes may reach stable storage in any order, wholly, partly (whole
	 * device blocks) or not at all, until a flush has returned 0.
	 * 0 or -errno: -EIO, -ENOSPC (the host is full), -EROFS, -EINVAL.
	 */
	long (*io)(struct rt_disk *disk, enum bp_block_op op, uint64_t offset,
		   const struct bp_segment *list, unsigned count);
	uint64_t device; /* for io's own use */
};

#endif
