/* SPDX-License-Identifier: ISC */
/* Blocks for new files, and where the inode says they are. */
#ifndef DISK_ALLOC_H
#define DISK_ALLOC_H

#include <ext2fs/ext2fs.h>
#include <stddef.h>
#include <stdint.h>

#include "disk_inode.h"
#include "disk_map.h"

/* What a new file has so far, in ascending order; all zero is nothing. */
struct disk_alloc {
	ext2_filsys fs;
	uint64_t goal; /* where to look for free blocks; kept between files */
	struct disk_run *run;
	size_t run_count;
	size_t run_allocated;
	uint64_t blocks;
};

/*
 * Gives the file blocks for @count ones from @logical on. When not all can be
 * had in a row there are several runs: they are the last in the list.
 */
errcode_t disk_alloc_add(struct disk_alloc *alloc, uint64_t logical,
			 uint64_t count);

/*
 * Records the blocks in @inode, which has none, and is written. Its number of
 * blocks is set, and its size to @size_bytes.
 */
errcode_t disk_alloc_record(struct disk_alloc *alloc, struct disk_inode *inode,
			    uint64_t size_bytes);

/* Ready for the next file. */
void disk_alloc_reset(struct disk_alloc *alloc);

void disk_alloc_finish(struct disk_alloc *alloc);

#endif
