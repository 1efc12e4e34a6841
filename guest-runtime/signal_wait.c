/* SPDX-License-Identifier: ISC */
/* Waiting for signals. */
#include <errno.h>
#include <time.h>

#include "file_poll.h"
#include "host_signal.h"
#include "rt_syscall.h"
#include "runtime.h"
#include "signals.h"
#include "thread.h"

static long wait_for_handler(void)
{
	while (!__rt_block(RT_NEVER))
		;
	return __rt_interrupted();
}

long __rt_sys_pause(void)
{
	return wait_for_handler();
}

long __rt_sys_rt_sigsuspend(const uint64_t *mask, size_t size)
{
	uint64_t before;
	long err;

	if (size != sizeof(*mask))
		return -EINVAL;
	__rt_signal_mask_begin(*mask, &before);
	err = wait_for_handler();
	__rt_signal_mask_end(before);
	return err;
}

long __rt_sys_rt_sigtimedwait(const uint64_t *set, void *info,
			      const struct timespec *timeout, size_t size)
{
	uint64_t deadline, wanted = *set & ~RT_NEVER_BLOCKED;
	siginfo_t taken;
	long err;
	int signal;

	if (size != sizeof(*set))
		return -EINVAL;
	err = __rt_deadline(timeout, &deadline);
	if (err)
		return err;
	if (wanted & (__rt_signal_bit(SIGTERM) | __rt_signal_bit(SIGINT)))
		__rt_host_signals_on();
	while (!(signal = __rt_signal_take(wanted, &taken))) {
		if (err)
			return err == -ETIMEDOUT ? -EAGAIN : __rt_interrupted();
		err = __rt_wait_on(&__rt_signal_waitq, deadline);
	}
	if (info)
		*(siginfo_t *)info = taken;
	return signal;
}
