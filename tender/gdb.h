/* SPDX-License-Identifier: ISC */
/* A debugger at the guest: the remote side of GDB's `target remote`. */
#ifndef GDB_H
#define GDB_H

#include <stdbool.h>
#include <stdint.h>

struct gdb;
struct machine;
struct vcpu_exit;

#define GDB_DEFAULT_PORT 1234

struct gdb_option {
	bool on;
	bool later;	     /* do not wait for one before the guest starts */
	char *text;	     /* owned: what these point into */
	const char *path;    /* Unix socket; NULL: TCP */
	const char *address; /* TCP, in numbers */
	uint16_t port;
};

/* What the run loop is to do next. */
enum gdb_verdict {
	GDB_GO_ON,  /* run the guest */
	GDB_FATAL,  /* what stopped it shall end it, as without a debugger */
	GDB_KILLED, /* end it: said the debugger */
	GDB_FAILED, /* the vCPU failed; that was printed */
};

/*
 * Opens the socket and says where. NULL after printing why not. The guest of
 * @m has its vCPU, and has not run yet; waiting for a debugger, where wanted,
 * is left to gdb_attend().
 */
struct gdb *gdb_open(struct machine *m, const struct gdb_option *option);

/* Before the guest runs: stops if somebody asked for that. */
enum gdb_verdict gdb_attend(struct gdb *g);

/* Something has come on a socket of the debugger's: for gdb_attend(). */
void gdb_notice(struct gdb *g);

/* The guest has trapped: tells the debugger. GDB_FATAL without one. */
enum gdb_verdict gdb_trapped(struct gdb *g, const struct vcpu_exit *exit);

/* Whether the guest runs one instruction at a time. */
bool gdb_steps(const struct gdb *g);

/* A hypercall was served: it may have been what was to be stepped over. */
void gdb_called(struct gdb *g);

/* The guest broke the contract and will end: a last look at it. */
enum gdb_verdict gdb_violation(struct gdb *g);

/* The descriptors: of a connection, now or later, and the one to listen at. */
void gdb_files(const struct gdb *g, int *connection, int *listen);

/* Says how it ended: with @status, or, if not 0, by @signal. */
void gdb_close(struct gdb *g, int status, int signal);

#endif
