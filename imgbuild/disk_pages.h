/* SPDX-License-Identifier: ISC */
/* Pages of a file in memory: read when needed, written by a commit alone. */
#ifndef DISK_PAGES_H
#define DISK_PAGES_H

#include <ext2fs/ext2fs.h>
#include <stddef.h>
#include <stdint.h>

#include "disk_io.h"

struct disk_pages;

/*
 * All of these return 0, an errno or an EXT2_ET_ code. Offsets are bytes from
 * the start of the file system; what reaches past its end is refused.
 */
errcode_t disk_pages_create(const struct disk_io_source *source,
			    struct disk_pages **pages);
void disk_pages_destroy(struct disk_pages *pages);

errcode_t disk_pages_read(struct disk_pages *pages, uint64_t offset, void *buf,
			  size_t bytes);
errcode_t disk_pages_write(struct disk_pages *pages, uint64_t offset,
			   const void *buf, size_t bytes);

/* Whole pages of a new file; else EXT2_ET_UNIMPLEMENTED, and nothing is done.
 */
errcode_t disk_pages_zero(struct disk_pages *pages, uint64_t offset,
			  uint64_t bytes);

/* Past the pages to the file, but what the pages have is true. */
errcode_t disk_pages_read_direct(struct disk_pages *pages, uint64_t offset,
				 void *buf, size_t bytes);
errcode_t disk_pages_write_direct(struct disk_pages *pages, uint64_t offset,
				  const void *buf, size_t bytes);

/* See disk_io_commit(). */
errcode_t disk_pages_commit(struct disk_pages *pages,
			    const struct ext2_super_block *unclean);

#endif
