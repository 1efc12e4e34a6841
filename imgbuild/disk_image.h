/* SPDX-License-Identifier: ISC */
/*
 * A disk image that is open: its file, the lock on it, and the file system.
 * While one of these is open for writing, no tender can attach the file.
 */
#ifndef DISK_IMAGE_H
#define DISK_IMAGE_H

#include <ext2fs/ext2fs.h>
#include <stdbool.h>
#include <stdint.h>

struct disk_inode;

enum disk_access {
	DISK_CHECK,   /* only lock the file, if it seems to have one */
	DISK_INSPECT, /* reading, whatever state it is in */
	DISK_READ,
	DISK_WRITE,
};

struct disk_image {
	const char *path; /* as the user wrote it */
	int fd;
	uint64_t base; /* of the file system in the file */
	uint64_t bytes;
	ext2_filsys fs;
	uint32_t now;	     /* the time for what is written */
	ext2_ino_t *release; /* inodes without a name, for the commit to free */
	size_t release_count;
};

/*
 * Opens the file at @path, checks what libext2fs takes on trust, and locks it:
 * against all others when writing, else against writers. A file system whose
 * journal has changes in it is refused, but with @recover they are first
 * carried out by e2fsck. 0, or -errno with a line printed.
 */
int disk_image_open(struct disk_image *image, const char *path,
		    enum disk_access access, bool recover);

/*
 * Only opens and locks the file, whatever is in it; @fs is NULL.
 * disk_image_close() as for the other.
 */
int disk_image_lock(struct disk_image *image, const char *path,
		    enum disk_access access);

/*
 * Writes all changes to the file; before this it has none of them.
 * 0, or -errno with a line printed.
 */
int disk_image_commit(struct disk_image *image);

/*
 * One name of @inode has gone. Without any, the commit will free it, and no
 * sooner: until then its blocks hold what the file on the host says.
 */
errcode_t disk_image_release(struct disk_image *image,
			     struct disk_inode *inode);

/* Drops what was not committed. */
void disk_image_close(struct disk_image *image);

/*
 * The time for what is written: SOURCE_DATE_EPOCH, and @fixed, or the present.
 * Never 0, which libext2fs takes for "not set". 0, or -EINVAL with a line
 * printed.
 */
int disk_image_now(uint32_t *now, bool *fixed);

#endif
