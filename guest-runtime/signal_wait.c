/* SPDX-License-Identifier: ISC */
/* Waiting for signals. */
#include <errno.h>
#include <time.h>

#include "host_signal.h"
#include "rt_syscall.h"
#include "runtime.h"
#include "signals.h"
#include "thread.h"

#define NS_PER_S 1000000000ULL

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
	uint64_t deadline = RT_NEVER, wanted = *set & ~RT_NEVER_BLOCKED;
	siginfo_t taken;
	long err = 0;
	int signal;

	if (size != sizeof(*set))
		return -EINVAL;
	if (timeout) {
		if (timeout->tv_nsec < 0 || timeout->tv_sec < 0 ||
		    timeout->tv_nsec >= (long)NS_PER_S)
			return -EINVAL;
		deadline = __rt_monotonic_ns() +
			   (uint64_t)timeout->tv_sec * NS_PER_S +
			   (uint64_t)timeout->tv_nsec;
	}
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
