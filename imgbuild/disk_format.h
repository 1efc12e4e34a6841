/* SPDX-License-Identifier: ISC */
/* New, empty file systems. */
#ifndef DISK_FORMAT_H
#define DISK_FORMAT_H

#include <ext2fs/ext2fs.h>
#include <stdbool.h>
#include <stdint.h>

struct disk_tree;

#define DISK_BLOCK_BYTES 4096
#define DISK_LABEL_BYTES 16

/* Below this mke2fs makes no journal either. */
#define DISK_JOURNAL_MIN_BLOCKS 2048

struct disk_format {
	uint64_t blocks;
	uint64_t inodes; /* at least, and those that are reserved besides */
	bool ext4;	 /* else ext2, as small as can be */
	bool journal;
	bool xattrs;
	char label[DISK_LABEL_BYTES + 1];
	uint8_t seed[64]; /* decides UUID and hash seed */
	uint32_t now;
};

/*
 * Makes the file system in the new file open at @fd, all but the root
 * directory; nothing is in the file before disk_io_commit(). With @fd -1 it is
 * only good for asking how much room it has. EXT2_ET_TOOSMALL, and others.
 */
errcode_t disk_format(const struct disk_format *format, int fd,
		      ext2_filsys *fs);

/* Lets it end behind the last block in use, as is done before it is written. */
errcode_t disk_format_trim(ext2_filsys fs);

/* The size of its journal, 0 for none. */
uint64_t disk_format_journal_blocks(const struct disk_format *format);

/*
 * The smallest number of blocks in which a file system like @format has
 * @need_blocks free ones, journal aside; 0 when there is none.
 */
uint64_t disk_format_fit(const struct disk_format *format,
			 uint64_t need_blocks);

/* How many blocks the files of a measured tree take: exactly so in ext2, at
 * most so in ext4. */
uint64_t disk_format_need(const struct disk_format *format,
			  const struct disk_tree *tree);

/*
 * The seed for what is in @tree, which may be NULL, and for the rest of
 * @format: the same for the same, another one for anything else.
 */
void disk_format_seed(struct disk_format *format, const struct disk_tree *tree);

#endif
