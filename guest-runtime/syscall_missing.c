/* SPDX-License-Identifier: ISC */
/* System calls that there are none of. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>

#include "hypercall_x86_64.h"
#include "rt_syscall.h"
#include "runtime.h"

/* name[number], generated from musl's <bits/syscall.h>. */
static const char *const names[] = {
#include "syscall_names.h"
};

#define NAME_COUNT (long)(sizeof(names) / sizeof(names[0]))

static bool said[NAME_COUNT + 1]; /* the last: all numbers without a name */

long __rt_sys_missing(long number)
{
	long index = number >= 0 && number < NAME_COUNT ? number : NAME_COUNT;
	const char *name = index < NAME_COUNT ? names[index] : NULL;

	if (!said[index])
		__rt_complain("system call ", name ? name : "of unknown number",
			      " is not available (ENOSYS)", (char *)NULL);
	said[index] = true;
	if (__rt_boot->flags & BP_BOOT_STRICT)
		hypercall_exit(128 + SIGSYS);
	return -ENOSYS;
}
