/* SPDX-License-Identifier: ISC */
/*
 * Images of ext file systems for tests: made by mke2fs, checked by e2fsck, and
 * in between a disk. They are in memory, under a name in /proc.
 */
#ifndef EXT_IMAGE_H
#define EXT_IMAGE_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk.h"
#include "tap.h"

struct image {
	struct rt_disk disk; /* first: io finds the rest by it */
	int fd;
	char path[32];
	uint8_t *bytes;
	unsigned long reads, writes; /* requests */
	long fail_after;	     /* requests until one fails; -1: none */
	bool fail_reads;	     /* all of them */
};

/* Runs a command; its exit status. It is shown, with its output, if not 0. */
__attribute__((format(printf, 1, 2))) static inline int shell(const char *fmt,
							      ...)
{
	char command[1024] = "{ ", line[512], all[8192] = "";
	size_t begun = strlen(command);
	va_list args;
	FILE *f;
	int status;

	va_start(args, fmt);
	vsnprintf(command + begun, sizeof(command) - begun - 16, fmt, args);
	va_end(args);
	strcat(command, "; } 2>&1");
	f = popen(command, "r");
	if (!f)
		abort();
	while (fgets(line, sizeof(line), f))
		strncat(all, line, sizeof(all) - strlen(all) - 1);
	status = pclose(f);
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
	if (status)
		printf("# %s: %d\n# %s\n", command, status, all);
	fflush(stdout);
	return status;
}

/* Ends the test where it computes for longer than this; 0: no more. */
static inline void hang_guard(int seconds)
{
	struct itimerval limit = {.it_value.tv_sec = seconds};

	setitimer(ITIMER_PROF, &limit, NULL);
}

static long image_io(struct rt_disk *disk, enum bp_block_op op, uint64_t offset,
		     const struct bp_segment *list, unsigned count)
{
	struct image *image = (struct image *)(void *)disk;

	if (image->fail_after >= 0 && image->fail_after-- == 0)
		return -EIO;
	if (image->fail_reads && op == BP_BLOCK_READ)
		return -EIO;
	if (op != BP_BLOCK_READ && op != BP_BLOCK_WRITE)
		return 0;
	if (count > BP_MAX_SEGMENTS)
		abort();
	for (unsigned i = 0; i < count; i++) {
		void *piece = (void *)(uintptr_t)list[i].gpa;

		if (offset > disk->bytes ||
		    list[i].bytes > disk->bytes - offset)
			abort();
		if (op == BP_BLOCK_READ)
			memcpy(piece, image->bytes + offset, list[i].bytes);
		else
			memcpy(image->bytes + offset, piece, list[i].bytes);
		offset += list[i].bytes;
	}
	if (op == BP_BLOCK_READ)
		image->reads++;
	else
		image->writes++;
	return 0;
}

/* An empty disk. */
static inline void image_create(struct image *image, size_t bytes)
{
	*image = (struct image){.fail_after = -1};
	image->fd = memfd_create("image", 0);
	if (image->fd < 0 || ftruncate(image->fd, (off_t)bytes))
		abort();
	snprintf(image->path, sizeof(image->path), "/proc/%d/fd/%d",
		 (int)getpid(), image->fd);
	image->bytes = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
			    image->fd, 0);
	if (image->bytes == MAP_FAILED)
		abort();
	image->disk = (struct rt_disk){
		.name = "test",
		.bytes = bytes,
		.block_bytes = 512,
		.io = image_io,
	};
}

/* With a file system, by mke2fs and these options. */
static inline void image_make(struct image *image, size_t bytes,
			      const char *options)
{
	image_create(image, bytes);
	if (shell("mke2fs -q -F %s %s", options, image->path))
		abort();
}

static inline void image_destroy(struct image *image)
{
	munmap(image->bytes, image->disk.bytes);
	close(image->fd);
}

/* Whether e2fsck finds nothing to complain about. */
static inline bool image_clean(const struct image *image)
{
	return shell("e2fsck -fn %s", image->path) == 0;
}

#endif
