/* SPDX-License-Identifier: ISC */
/*
 * Extended attributes, those that a user has given a file: "user.". Others
 * belong to the host, or need privileges.
 */
#ifndef DISK_XATTR_H
#define DISK_XATTR_H

#include <ext2fs/ext2fs.h>
#include <stddef.h>

struct disk_inode;

struct disk_xattr {
	struct disk_xattr *next; /* in the order of names */
	char *name;
	void *value;
	size_t bytes;
};

/*
 * Reads those of the file at @path, not following a link. 0, or -errno with a
 * line printed.
 */
int disk_xattr_read_host(const char *path, struct disk_xattr **list);
void disk_xattr_destroy(struct disk_xattr *list);

/* Gives them to an inode that was written, and that has none. */
errcode_t disk_xattr_write(ext2_filsys fs, ext2_ino_t ino,
			   const struct disk_xattr *list);

/*
 * Gives those of an inode to a file of the host; one whose file system has no
 * room for such things goes without.
 */
errcode_t disk_xattr_extract(ext2_filsys fs, const struct disk_inode *inode,
			     int fd);

#endif
