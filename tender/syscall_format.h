/* SPDX-License-Identifier: ISC */
/* A system call of the guest as a line like those of strace. */
#ifndef SYSCALL_FORMAT_H
#define SYSCALL_FORMAT_H

#include <stdint.h>

struct bp_trace_record;
struct syscall_form;
struct text;

/*
 * Writes "name(arguments) = result", or "name(arguments <unfinished ...>" where
 * @result is NULL. Both records are copies, of which no more than their
 * ->bytes are looked at; that of the call is at least as long as its arguments.
 */
void syscall_format(struct text *t, const struct syscall_form *form,
		    const struct bp_trace_record *call,
		    const struct bp_trace_record *result);

#endif
