/* SPDX-License-Identifier: ISC */
/* Running other programs, such that a signal still lets us clean up. */
#ifndef PROCESS_H
#define PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* Signals that end us stay blocked from _block() to _unblock(). */
struct process_signals {
	sigset_t waited;   /* what process_run() waits for */
	sigset_t original; /* mask to give to children and to return to */
	int caught;	   /* the signal that asked us to end, or 0 */
};

void process_signals_block(struct process_signals *signals);

/* Does not return if a signal was caught or is pending: it is delivered. */
void process_signals_unblock(struct process_signals *signals);

/* Whether a signal has asked us to end since they were blocked. */
bool process_signals_caught(struct process_signals *signals);

/*
 * Runs @argv, found in $PATH, and waits. Returns its exit status, 128 + n if
 * signal n ended it, or -errno if it could not be started. A SIGINT, SIGTERM
 * or SIGHUP to us is passed on, noted in @signals->caught and gives -EINTR,
 * at once if one was caught before.
 */
int process_run(struct process_signals *signals, char *const argv[]);

/*
 * Runs @argv and stores the first line it prints, without the newline, in
 * @line. 0, -errno if it could not be started, -EPROTO if it failed or
 * printed no line or one of @line_bytes or more.
 */
int process_read_line(char *const argv[], char *line, size_t line_bytes);

#endif
