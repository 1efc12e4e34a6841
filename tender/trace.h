/* SPDX-License-Identifier: ISC */
/* One line for each thing that the guest asks for, or an event for a timeline.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "call_log.h"

enum trace_kind {
	TRACE_HYPERCALLS = 1,
	TRACE_SYSCALLS = 2,
	TRACE_NET = 4,
	TRACE_BLOCK = 8,
	TRACE_SCHED = 16,
	TRACE_ALL = 31,
};

struct trace {
	unsigned kinds;
	bool json;	   /* Chrome's trace event format */
	int fd;		   /* JSON: owned by the caller */
	uint64_t start_ns; /* of the host's monotonic clock */
	uint64_t count;
	char buffer[1 << 16];
	unsigned used;
};

/* A hypercall that began at @at_ns, on the same clock, and took @ns. */
void trace_call(struct trace *t, const struct call_record *r, uint64_t at_ns,
		uint64_t ns);

/* Something that took time, or none. */
struct trace_span {
	enum trace_kind kind;
	unsigned thread; /* of the guest; 0: the tender */
	const char *name;
	uint64_t at_ns, ns; /* as above */
};

/* Lines are kept until there are many, or trace_lines() is called. */
void trace_event(struct trace *t, const struct trace_span *span,
		 const char *text);
void trace_lines(struct trace *t);

/* Writes what is left. */
void trace_finish(struct trace *t);

/* "hypercalls,net" as bits; 0 when it is no such list. */
unsigned trace_kinds(const char *list);

#endif
