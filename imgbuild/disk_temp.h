/* SPDX-License-Identifier: ISC */
/* A new file that is there when it is whole, and not before. */
#ifndef DISK_TEMP_H
#define DISK_TEMP_H

#include <limits.h>
#include <stdbool.h>

struct disk_temp {
	char path[PATH_MAX]; /* beside the file that it is to become */
	int fd;
};

/* Makes an empty file beside @target. 0, or -errno with a line printed. */
int disk_temp_open(struct disk_temp *temp, const char *target);

/*
 * Gives it the name @target, and closes it. Without @replace nothing of that
 * name may be there. 0, or -errno with a line printed, and it is gone.
 */
int disk_temp_commit(struct disk_temp *temp, const char *target, bool replace);

void disk_temp_discard(struct disk_temp *temp);

#endif
