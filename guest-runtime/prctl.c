/* SPDX-License-Identifier: ISC */
/* What a process can ask about itself, and have changed. */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

#include "rt_syscall.h"
#include "thread.h"

long __rt_sys_prctl(int option, unsigned long a, unsigned long b,
		    unsigned long c, unsigned long d)
{
	static long no_new_privileges, dumpable = 1, parent_signal;

	(void)b, (void)c, (void)d;
	switch (option) {
	case PR_SET_NAME:
		strncpy(__rt_self->name, (const char *)a,
			sizeof(__rt_self->name) - 1);
		return 0;
	case PR_GET_NAME:
		memcpy((char *)a, __rt_self->name, sizeof(__rt_self->name));
		return 0;
	case PR_SET_DUMPABLE:
		if (a > 1)
			return -EINVAL;
		dumpable = (long)a;
		return 0;
	case PR_GET_DUMPABLE:
		return dumpable;
	case PR_SET_NO_NEW_PRIVS:
		if (a != 1 || b || c || d)
			return -EINVAL;
		no_new_privileges = 1;
		return 0;
	case PR_GET_NO_NEW_PRIVS:
		return no_new_privileges;
	/* There is no parent that could end. */
	case PR_SET_PDEATHSIG:
		if (a > 64)
			return -EINVAL;
		parent_signal = (long)a;
		return 0;
	case PR_GET_PDEATHSIG:
		*(int *)a = (int)parent_signal;
		return 0;
	default:
		return -EINVAL;
	}
}

/* The one that is Linux's own. */
long __rt_sys_personality(unsigned long persona)
{
	return persona == 0 || persona == 0xffffffff ? 0 : -EINVAL;
}
