/* SPDX-License-Identifier: ISC */
/* The traced process that a guest is, as its tracer sees it. */
#ifndef TRACEE_H
#define TRACEE_H

#include <stdint.h>
#include <sys/types.h>

struct tracee {
	volatile pid_t pid; /* 0: dead, its number is free for others */
};

/*
 * Waits for it to stop or to end; then it is forgotten. 0 with the status of
 * wait(2), or -errno after printing why.
 */
int tracee_wait(struct tracee *t, int *status);

/* It has ended, which was not the guest's doing: prints that. -errno. */
int tracee_killed(int status);

/*
 * A request of ptrace(2) while it is stopped; @what is for messages. 0 or
 * -errno after printing why.
 */
int tracee_request(struct tracee *t, int request, uint64_t address, void *data,
		   const char *what);

/* Writes the register at @offset of struct user. */
int tracee_poke(struct tracee *t, uint64_t offset, uint64_t value);

/* Kills it, if it is there, and forgets it. */
void tracee_end(struct tracee *t);

#endif
