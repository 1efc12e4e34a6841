/* SPDX-License-Identifier: ISC */
/* The process behind --net=user. */
#ifndef PASST_H
#define PASST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Looks passt up in PATH. False where there is none. */
bool passt_find(char *path, size_t bytes);

#define PASST_FD 3

/* A passt that runs. */
struct passt {
	pid_t watcher; /* its parent, a child of the tender */
	int fd;	       /* carries frames, as net_stream.h has it */
	int said;      /* what it prints, without waiting */
	int alive;     /* when this closes, it is ended */
};

/*
 * Starts it with these arguments, and with its end of @passt->fd as descriptor
 * PASST_FD. 0 or -errno; passt_end() ends it.
 */
int passt_start(struct passt *passt, const char *path, char *const *argv);

/* Drops what it has said: it is well. */
void passt_forget(struct passt *passt);

/*
 * Waits for its end, once its socket is closed, and ends it when that takes
 * long. Its exit status, or 128 and a signal; in @why the last thing it said.
 */
int passt_end(struct passt *passt, char *why, size_t bytes);

#endif
