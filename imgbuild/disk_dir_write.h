/* SPDX-License-Identifier: ISC */
/* Changes to directories of a disk, and new ones. */
#ifndef DISK_DIR_WRITE_H
#define DISK_DIR_WRITE_H

#include <ext2fs/ext2fs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "disk_dir.h"

/* Change a directory that was looked at before; @name is there, or is not. */
errcode_t disk_dir_add(ext2_filsys fs, ext2_ino_t dir, const char *name,
		       ext2_ino_t ino, int type);
errcode_t disk_dir_remove(ext2_filsys fs, ext2_ino_t dir, const char *name);
errcode_t disk_dir_replace(ext2_filsys fs, ext2_ino_t dir, const char *name,
			   ext2_ino_t ino, int type);

/*
 * The blocks of a new directory: how many the entries of @list take, in this
 * order; and one of them at a time. @at is the next entry to go, which is moved
 * on. The inode must have been written before.
 */
uint64_t disk_dir_new_blocks(ext2_filsys fs, const struct disk_dir *list);
errcode_t disk_dir_write_new(ext2_filsys fs, ext2_ino_t ino, ext2_ino_t parent,
			     const struct disk_dir *list, size_t *at,
			     uint64_t block);

/* How many blocks a new directory takes: name by name, in order. */
struct disk_dir_size {
	unsigned room; /* in a block */
	unsigned used; /* in the last one */
	uint64_t blocks;
};

void disk_dir_size_begin(struct disk_dir_size *size, unsigned block_bytes,
			 bool has_checksum);
void disk_dir_size_add(struct disk_dir_size *size, const char *name);

#endif
