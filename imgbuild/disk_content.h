/* SPDX-License-Identifier: ISC */
/* The contents of the host's files, as blocks that are not all zeros. */
#ifndef DISK_CONTENT_H
#define DISK_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct disk_node;
struct disk_progress;
struct disk_tree;

/*
 * Reads the @size bytes of the file open at @fd and calls @each for the blocks
 * in it that hold anything but zeros, in runs: @block is the first one's
 * number, @data are whole blocks, filled up with zeros. What the file system
 * of the host stores as a hole makes no difference, but to the time. 0, an
 * errno, or what @each returned; ESTALE when the file has become shorter.
 */
long disk_content_each(int fd, uint64_t size, size_t block_bytes,
		       struct disk_progress *progress,
		       long (*each)(void *arg, uint64_t block, uint64_t count,
				    const void *data),
		       void *arg);

/* Where a node is below the top, cut off if need be. Empty for the top. */
void disk_content_path(const struct disk_node *node, char *buf, size_t bytes);

/*
 * Opens the contents of a regular file. A descriptor, or -errno with a line
 * printed: also when it is another file by now.
 */
int disk_content_open(const struct disk_tree *tree,
		      const struct disk_node *node);

/*
 * Reads all contents once, to learn how many blocks they take. 0, or -errno
 * with a line printed.
 */
int disk_content_measure(const struct disk_tree *tree, struct disk_node *node,
			 size_t block_bytes);

#endif
