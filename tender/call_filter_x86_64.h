/* SPDX-License-Identifier: ISC */
/* A filter of system calls, being written; what it does not allow kills. */
#ifndef CALL_FILTER_X86_64_H
#define CALL_FILTER_X86_64_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#define CALL_FILTER_LENGTH 1024

struct call_filter {
	bool full; /* a rule did not fit: it cannot be installed */
	unsigned short length;
	struct sock_filter code[CALL_FILTER_LENGTH];
};

/* An argument that must have one of @count values. */
struct call_check {
	unsigned arg;
	bool wide; /* of 64 bits; else the kernel looks at 32 of it only */
	unsigned count;
	const uint64_t *value;
};

/* Begins a filter for calls of this machine's own kind, and no other. */
void call_filter_begin(struct call_filter *f);

/*
 * Allows call @number when all @checks are passed. A number may have several
 * rules. The first rules are the quickest.
 */
void call_filter_allow(struct call_filter *f, unsigned number,
		       const struct call_check *check, unsigned checks);

/*
 * Puts the filter in force, for good; the process has no_new_privs. 0 or
 * -errno.
 */
int call_filter_install(struct call_filter *f);

#endif
