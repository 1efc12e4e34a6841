/* SPDX-License-Identifier: ISC */
/* Changes to the directories of an image that is open for writing. */
#ifndef DISK_EDIT_H
#define DISK_EDIT_H

#include <ext2fs/ext2fs.h>
#include <stdbool.h>

struct disk_image;
struct disk_node;
struct disk_put;

/* Additions to an image: finish it in the end. */
struct disk_edit {
	struct disk_image *image;
	struct disk_put *put;
	/* What is in the directory that was added to last. */
	ext2_ino_t names_dir; /* 0: none */
	void *names;
};

/*
 * Puts @node, and all below it, into the directory @dir as @name. Directories
 * that are there already are kept and added to, other files replaced. EISDIR
 * or ENOTDIR when one is in the way of the other.
 */
errcode_t disk_edit_insert(struct disk_edit *edit, ext2_ino_t dir,
			   const char *name, struct disk_node *node);

/* The same for all that is below @node, which itself is not made. */
errcode_t disk_edit_merge(struct disk_edit *edit, ext2_ino_t dir,
			  struct disk_node *node);

void disk_edit_finish(struct disk_edit *edit);

/*
 * Removes the name from the directory, and what it names: all below it too,
 * with @recursive, else EISDIR.
 */
errcode_t disk_edit_remove(struct disk_image *image, ext2_ino_t dir,
			   const char *name, bool recursive);

#endif
