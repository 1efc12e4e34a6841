/* SPDX-License-Identifier: ISC */
/*
 * Which blocks of a disk hold the contents of an inode, whatever way they are
 * recorded in. Made for disks that mean harm: every block lies on the disk, no
 * inode has more of them than the disk, and it ends.
 */
#ifndef DISK_MAP_H
#define DISK_MAP_H

#include <ext2fs/ext2fs.h>
#include <stddef.h>
#include <stdint.h>

#include "disk_inode.h"
#include "disk_io.h"

/* In blocks; what is in no run is a hole. */
struct disk_run {
	uint64_t logical;
	uint64_t physical;
	uint64_t count;
};

/*
 * Calls @each for the runs of @inode in ascending order until it returns an
 * error. EUCLEAN, or an EXT2_ET_ code, when they are damaged. Not for inline
 * data.
 */
errcode_t disk_map_each(ext2_filsys fs, const struct disk_inode *inode,
			errcode_t (*each)(void *arg,
					  const struct disk_run *run),
			void *arg);

/* The run that holds the first block; EUCLEAN when that is a hole. */
errcode_t disk_map_first(ext2_filsys fs, const struct disk_inode *inode,
			 struct disk_run *run);

/* Reads the first @bytes of inline data; EUCLEAN when there are fewer. */
errcode_t disk_map_inline(ext2_filsys fs, const struct disk_inode *inode,
			  void *buf, size_t bytes);

/*
 * Calls @each with the contents of a file, holes left out, in pieces in
 * ascending order.
 */
errcode_t disk_map_read(ext2_filsys fs, const struct disk_inode *inode,
			errcode_t (*each)(void *arg, uint64_t offset,
					  const void *data, size_t bytes),
			void *arg);

#endif
