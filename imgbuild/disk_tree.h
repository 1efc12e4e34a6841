/* SPDX-License-Identifier: ISC */
/*
 * A tree of the host's files that is to go onto a disk, all but the contents
 * in memory: so its size is known before, and its order is always the same.
 */
#ifndef DISK_TREE_H
#define DISK_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct disk_progress;
struct disk_xattr;

struct disk_node {
	struct disk_node *parent; /* NULL for the top */
	struct disk_node **child; /* sorted by name */
	size_t child_count;
	size_t child_allocated;
	struct disk_node *same; /* another name of this file, seen before */
	char *name;
	char *target; /* of a symbolic link */
	struct disk_xattr *xattrs;
	mode_t mode;
	uint32_t uid, gid;
	dev_t rdev;
	dev_t host_dev;
	ino_t host_ino; /* 0: not a file of the host */
	uint64_t size;
	struct timespec mtime;
	uint32_t ino; /* on the disk, once it is there */
	/* Of a regular file, by disk_content_measure(). */
	uint64_t data_blocks;
	uint64_t table_blocks; /* addresses of blocks, without extents */
	uint64_t run_count;
};

struct disk_tree_options {
	bool follow_top; /* the top may be a symbolic link */
	bool set_owner;	 /* give everything to these */
	uint32_t uid, gid;
	bool no_xattrs;
	bool clamp; /* no mtime is later than this */
	time_t latest;
	dev_t skip_dev; /* leave out this file */
	ino_t skip_ino; /* unless 0 */
};

struct disk_tree {
	char *path; /* of the top */
	struct disk_node *top;
	uint64_t bytes; /* of contents */
	uint64_t inode_count;
	bool has_xattrs;
	time_t now;
	time_t newest; /* mtime, of those that are not in the future */
	void *links;   /* files with several names, while reading */
	struct disk_progress *progress;
};

/*
 * Reads the tree at @path, a directory or anything else. 0, or -errno with a
 * line printed; either way the caller finishes the tree. @progress is for
 * signals and lives as long.
 */
int disk_tree_read(struct disk_tree *tree, const char *path,
		   const struct disk_tree_options *options,
		   struct disk_progress *progress);

void disk_tree_finish(struct disk_tree *tree);

/* Sets @options->clamp by SOURCE_DATE_EPOCH. 0, or -EINVAL with a line printed.
 */
int disk_tree_clamp(struct disk_tree_options *options);

/* Its newest mtime up to now, as a file system's: above 0, in 32 bits. */
uint32_t disk_tree_time(const struct disk_tree *tree);

/* A node without a file of the host. NULL: out of memory. */
struct disk_node *disk_node_create(const char *name, mode_t mode,
				   struct timespec mtime);

/* Adds @child, which then belongs to @node; its children stay sorted. */
bool disk_node_add(struct disk_node *node, struct disk_node *child);
struct disk_node *disk_node_find(const struct disk_node *node,
				 const char *name);
void disk_node_destroy(struct disk_node *node);

#endif
