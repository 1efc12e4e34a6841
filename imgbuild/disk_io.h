/* SPDX-License-Identifier: ISC */
/*
 * An open file as libext2fs wants to see it. What libext2fs writes stays in
 * memory until disk_io_commit().
 */
#ifndef DISK_IO_H
#define DISK_IO_H

#include <ext2fs/ext2fs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where in which file a file system lies. */
struct disk_io_source {
	int fd; /* the caller's; it outlives the file system */
	uint64_t base;
	uint64_t bytes;
	bool writable;
	bool blank; /* a new file: nothing but zeros */
};

#define DISK_IO_NAME_BYTES 80

/* Writes @source as the device name for a file system that uses this manager.
 */
void disk_io_name(char name[DISK_IO_NAME_BYTES],
		  const struct disk_io_source *source);

io_manager disk_io_manager(void);

/*
 * Reads or writes the contents of files, offsets being bytes from the start of
 * the file system. A write goes to the file at once, so it is for blocks only
 * that nothing on the disk refers to. Like all of libext2fs they return 0, an
 * errno or an EXT2_ET_ code.
 */
errcode_t disk_io_read(ext2_filsys fs, uint64_t offset, void *buf,
		       size_t bytes);
errcode_t disk_io_write(ext2_filsys fs, uint64_t offset, const void *buf,
			size_t bytes);

/*
 * Writes to the file what libext2fs has written since it was opened, the
 * superblock last. @unclean is put in its place meanwhile, so that a commit
 * that is cut off can be told from a finished one; NULL for a new file.
 */
errcode_t disk_io_commit(ext2_filsys fs,
			 const struct ext2_super_block *unclean);

#endif
