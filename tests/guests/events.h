/* SPDX-License-Identifier: ISC */
/* What the programs events_*.c share: they print what happens. */
#ifndef EVENTS_H
#define EVENTS_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TELL(call) events_told(#call, (long)(call))
#define NEED(what) ((what) ? (void)0 : events_stop(__FILE__, __LINE__, #what))

struct events_case {
	const char *name;
	void (*run)(void);
};

/* Prints what a call came to, and returns it. errno is still there. */
long events_told(const char *what, long result);
_Noreturn void events_stop(const char *file, int line, const char *what);
/* The names of POLL* or EPOLL* bits. */
const char *events_names(unsigned bits);

/*
 * Runs the case that argv[1] names, in $EVENTS_DIRECTORY or /tmp; ends with
 * "done".
 */
int events_main(int argc, char **argv, const struct events_case *cases);

#endif
