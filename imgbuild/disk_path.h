/* SPDX-License-Identifier: ISC */
/* Paths: of a file in an image as the user writes it, and inside the image. */
#ifndef DISK_PATH_H
#define DISK_PATH_H

#include <ext2fs/ext2fs.h>
#include <limits.h>
#include <stdbool.h>

#include "disk_inode.h"

struct disk_path {
	char image[PATH_MAX]; /* empty for a file of the host */
	const char *path;     /* in the image, or on the host */
};

/*
 * "IMAGE:/PATH", at the first ":/" there is; anything else is a file of the
 * host. 0, or -ENAMETOOLONG with a line printed.
 */
int disk_path_parse(struct disk_path *path, const char *text);

/* The same, where an image must be meant: a path of "/" when it has none. */
int disk_path_parse_image(struct disk_path *path, const char *text);

/* The last name of a path; empty when that is "/", "." or "..". */
void disk_path_base(const char *path, char name[EXT2_NAME_LEN + 1]);

/*
 * Finds @path, from the root directory on. Symbolic links lead within the
 * image, the last one only with @follow. ENOENT, ENOTDIR, ELOOP and
 * ENAMETOOLONG are what they are on the host.
 */
errcode_t disk_path_find(ext2_filsys fs, const char *path, bool follow,
			 struct disk_inode *inode);

/*
 * Finds the directory that @path is in, or is to be in, and its last name.
 * EINVAL when that is "/", "." or "..".
 */
errcode_t disk_path_find_parent(ext2_filsys fs, const char *path,
				struct disk_inode *dir,
				char name[EXT2_NAME_LEN + 1]);

#endif
