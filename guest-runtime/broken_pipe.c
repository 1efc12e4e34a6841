/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <signal.h>

#include "pipe.h"
#include "rt_syscall.h"
#include "runtime.h"

long __rt_broken_pipe(void)
{
	if (!__rt_send_sigpipe)
		__rt_sys_exit_group(128 + SIGPIPE);
	else
		__rt_send_sigpipe();
	return -EPIPE;
}
