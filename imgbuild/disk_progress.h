/* SPDX-License-Identifier: ISC */
/* How far a long copy is, and whether the user has had enough of it. */
#ifndef DISK_PROGRESS_H
#define DISK_PROGRESS_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct process_signals;

/* All zero: shows nothing, heeds no signal. */
struct disk_progress {
	uint64_t total_bytes;
	uint64_t done_bytes;
	bool shown;
	struct timespec last;
	struct process_signals *signals; /* blocked ones, or NULL */
};

/* Shows a bar if @total_bytes are many and standard error is a terminal. */
void disk_progress_begin(struct disk_progress *p, uint64_t total_bytes);

/* 0, or EINTR when a signal asks the program to end. */
int disk_progress_add(struct disk_progress *p, uint64_t bytes);

/* Removes the bar, if there is one. */
void disk_progress_end(struct disk_progress *p);

/* Makes room on the terminal for a message. */
void disk_progress_clear(void);

#endif
