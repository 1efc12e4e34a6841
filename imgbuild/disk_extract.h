/* SPDX-License-Identifier: ISC */
/*
 * Copies out of an image to the host. The image may mean harm: nothing is ever
 * written outside of the directory that was asked for.
 */
#ifndef DISK_EXTRACT_H
#define DISK_EXTRACT_H

#include <stdbool.h>

struct disk_image;
struct disk_inode;
struct disk_progress;

struct disk_extract_options {
	bool preserve; /* owners, set-id bits, devices */
	struct disk_progress *progress;
};

/*
 * Copies @inode, which is at @from in the image, to the name @name in the
 * host's directory @dir_fd, with all that is below it; or what is below it
 * into that directory, if @name is empty. @to is the path of the whole, for
 * messages. 0, or -errno with a line printed.
 */
int disk_extract(const struct disk_image *image, const char *from,
		 const struct disk_inode *inode, int dir_fd, const char *name,
		 const char *to, const struct disk_extract_options *options);

/* Writes the contents of a regular file to @fd. */
int disk_extract_contents(const struct disk_image *image, const char *from,
			  const struct disk_inode *inode, int fd);

#endif
