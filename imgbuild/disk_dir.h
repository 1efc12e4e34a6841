/* SPDX-License-Identifier: ISC */
/* Directories of a disk. Names are checked: none leads anywhere else. */
#ifndef DISK_DIR_H
#define DISK_DIR_H

#include <ext2fs/ext2fs.h>
#include <stddef.h>
#include <stdint.h>

#include "disk_inode.h"

struct disk_entry {
	ext2_ino_t ino;
	int type; /* EXT2_FT_, EXT2_FT_UNKNOWN where it is not recorded */
	char *name;
};

/* All zero is an empty list. */
struct disk_dir {
	struct disk_entry *entry;
	size_t n;
	size_t allocated;
};

/*
 * Calls @each for all entries but "." and "..", in the order of the disk, until
 * it returns an error. EUCLEAN or an EXT2_ET_ code when the directory is
 * damaged, which covers names that no file can have.
 */
errcode_t disk_dir_each(ext2_filsys fs, const struct disk_inode *dir,
			errcode_t (*each)(void *arg, const char *name,
					  ext2_ino_t ino, int type),
			void *arg);

/* All entries, sorted by name. @list is to be empty; finish it either way. */
errcode_t disk_dir_read(ext2_filsys fs, const struct disk_inode *dir,
			struct disk_dir *list);
errcode_t disk_dir_list_add(struct disk_dir *list, const char *name,
			    ext2_ino_t ino, int type);
void disk_dir_finish(struct disk_dir *list);

/* ENOENT when there is no such entry. */
errcode_t disk_dir_lookup(ext2_filsys fs, const struct disk_inode *dir,
			  const char *name, ext2_ino_t *ino);

#endif
