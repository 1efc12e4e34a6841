/* SPDX-License-Identifier: ISC */
/* One inode of a disk, any disk: its fields are checked where they are used. */
#ifndef DISK_INODE_H
#define DISK_INODE_H

#include <ext2fs/ext2fs.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct disk_inode {
	ext2_ino_t ino;
	struct ext2_inode_large raw; /* what a small inode lacks is 0 */
};

/* Reads inode @ino, which something refers to; EUCLEAN when it is a free one.
 */
errcode_t disk_inode_read(ext2_filsys fs, ext2_ino_t ino,
			  struct disk_inode *inode);

/* Writes it, with all the fields that the file system has room for. */
errcode_t disk_inode_write(ext2_filsys fs, const struct disk_inode *inode);

/* The plain structure that most of libext2fs takes. */
struct ext2_inode *disk_inode_small(struct disk_inode *inode);

bool disk_inode_is_dir(const struct disk_inode *inode);
bool disk_inode_is_file(const struct disk_inode *inode);
bool disk_inode_is_symlink(const struct disk_inode *inode);

uint64_t disk_inode_size(ext2_filsys fs, const struct disk_inode *inode);
uint32_t disk_inode_uid(const struct disk_inode *inode);
uint32_t disk_inode_gid(const struct disk_inode *inode);
struct timespec disk_inode_mtime(const struct disk_inode *inode);
dev_t disk_inode_rdev(const struct disk_inode *inode);

/* The file type that a directory entry repeats: EXT2_FT_. */
int disk_inode_type(unsigned mode);

/*
 * Start a new inode of this mode and owner; all else is left 0. The times are
 * those of a file: a small inode drops what does not fit into it.
 */
void disk_inode_init(ext2_filsys fs, struct disk_inode *inode, unsigned mode,
		     uint32_t uid, uint32_t gid);
void disk_inode_set_atime(struct disk_inode *inode, struct timespec t);
void disk_inode_set_mtime(struct disk_inode *inode, struct timespec t);
void disk_inode_set_ctime(struct disk_inode *inode, struct timespec t);
void disk_inode_set_birth(struct disk_inode *inode, struct timespec t);
void disk_inode_set_rdev(struct disk_inode *inode, dev_t rdev);

/*
 * Reads where a symbolic link leads into @target, with a NUL behind it. EUCLEAN
 * when it is no good link.
 */
#define DISK_TARGET_BYTES 4097
errcode_t disk_inode_target(ext2_filsys fs, const struct disk_inode *inode,
			    char target[DISK_TARGET_BYTES]);

#endif
