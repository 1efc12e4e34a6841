/* SPDX-License-Identifier: ISC */
/* The system calls of guests: their names, and how each is written. */
#ifndef SYSCALL_FORM_H
#define SYSCALL_FORM_H

#include <stdbool.h>
#include <stdint.h>

#include "syscall_trace.h"

/* The symbol of the call NAME in an image. */
#define SYSCALL_SYMBOL_PREFIX "__rt_sys_"

struct syscall_form {
	const char *name;
	char arg[BP_TRACE_ARGS]; /* a letter for each: syscall_form.c; 0: end */
	char result;		 /* likewise */
	bool ends;		 /* it does not return */
};

/* The form of the call that the runtime has by @name. False: it has none. */
bool syscall_form_find(struct syscall_form *form, const char *name);

/* Which of the arguments are to be recorded with such a call. */
void syscall_form_wants(const struct syscall_form *form,
			struct bp_trace_call *call);

#endif
