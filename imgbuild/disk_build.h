/* SPDX-License-Identifier: ISC */
/* A file system with files in it, made in one go. */
#ifndef DISK_BUILD_H
#define DISK_BUILD_H

#include <stdbool.h>
#include <stdint.h>

struct disk_format;
struct disk_tree;
struct process_signals;

/*
 * Fills the new, empty file open at @fd with a file system like @format that
 * holds @tree, whose top becomes the root directory. The tree's progress is
 * shown, if it has one. @path is for messages. 0, or -errno with a line
 * printed.
 */
int disk_build(const struct disk_format *format, struct disk_tree *tree, int fd,
	       const char *path);

struct disk_rootfs_options {
	bool keep_owners;		 /* else all belongs to 0:0 */
	struct process_signals *signals; /* blocked ones, or NULL */
};

/*
 * Makes the smallest ext2 file system, for reading, that holds the files below
 * @dir: labelled "rootfs", its blocks of 4 KiB, the same bytes for the same
 * files. @path is a new file. 0, or -errno with a line printed and no file.
 */
int disk_rootfs_build(const char *dir, const char *path,
		      const struct disk_rootfs_options *options);

#endif
