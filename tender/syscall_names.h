/* SPDX-License-Identifier: ISC */
/* Numbers that stand for something in system calls, by their names. */
#ifndef SYSCALL_NAMES_H
#define SYSCALL_NAMES_H

#include <stdbool.h>
#include <stdint.h>

struct text;

/*
 * Writes what @value is as an argument of the kind that @letter stands for: see
 * syscall_form.c. False: there are no names of that kind.
 */
bool syscall_put_name(struct text *t, char letter, uint64_t value);

/* "ENOENT", for an errno; NULL: there is none by that number. */
const char *syscall_errno_name(int64_t number);

#endif
