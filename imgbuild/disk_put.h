/* SPDX-License-Identifier: ISC */
/* Puts a tree of the host's files onto a disk, as new inodes. */
#ifndef DISK_PUT_H
#define DISK_PUT_H

#include <ext2fs/ext2fs.h>
#include <stdbool.h>

#include "disk_alloc.h"

struct disk_node;
struct disk_progress;
struct disk_tree;

struct disk_put {
	ext2_filsys fs;
	const struct disk_tree *tree;
	struct disk_progress *progress;
	/* Birth and change are now; else they are the file's own mtime. */
	bool born_now;
	struct disk_alloc alloc;
	const struct disk_node *failed; /* the one that could not be written */
	bool failed_said;		/* ... and why was printed */
};

/*
 * Writes @node with all below it; its number is then in node->ino. @parent is
 * the directory that it will be in, where the caller enters it. A top that is
 * to be the root directory has that number before.
 */
errcode_t disk_put_node(struct disk_put *put, struct disk_node *node,
			ext2_ino_t parent);

/* What e2fsck expects of lost+found: that it need not grow. */
#define DISK_LOST_FOUND_BYTES 16384

void disk_put_finish(struct disk_put *put);

#endif
