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
	pid_t pid;
	int fd;	  /* carries frames, as net_stream.h has it */
	int said; /* what it prints, without waiting */
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
 * long. *@status is as from waitpid(2), and @why the
 * last thing it said.
 */
void passt_end(struct passt *passt, int *status, char *why, size_t bytes);

#endif
