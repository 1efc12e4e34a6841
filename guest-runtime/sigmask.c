/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <signal.h>

#include "file_poll.h"
#include "rt_syscall.h"

long __rt_sigmask_begin(const uint64_t *mask, size_t bytes, uint64_t *before)
{
	if (!mask)
		return 0;
	if (bytes != sizeof(*mask))
		return -EINVAL;
	return __rt_sys_rt_sigprocmask(SIG_SETMASK, mask, before,
				       sizeof(*mask));
}

void __rt_sigmask_end(const uint64_t *mask, const uint64_t *before)
{
	if (mask)
		__rt_sys_rt_sigprocmask(SIG_SETMASK, before, NULL,
					sizeof(*mask));
}
