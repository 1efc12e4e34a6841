/* SPDX-License-Identifier: ISC */
/* Where contents go on the host: with holes, where it can have holes. */
#ifndef DISK_SINK_H
#define DISK_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct disk_sink {
	int fd;
	bool sparse;
	off_t base;  /* where in the file it begins */
	uint64_t at; /* what was written, holes included */
};

/* Begins at the present position of @fd. */
void disk_sink_begin(struct disk_sink *sink, int fd);

/* @offset, from the beginning, only grows. 0 or an errno. */
int disk_sink_write(struct disk_sink *sink, uint64_t offset, const void *data,
		    size_t bytes);

/* Everything up to @size that was not written is a hole. 0 or an errno. */
int disk_sink_end(struct disk_sink *sink, uint64_t size);

#endif
