/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <time.h>

#include "file_poll.h"
#include "runtime.h"
#include "wait.h"

#define NS_PER_S  1000000000L
#define NS_PER_MS 1000000UL
#define SERVE_NS  1000000UL /* as often as that: an exit takes 30 us */

static uint64_t from_now(uint64_t ns)
{
	uint64_t deadline;

	return __builtin_add_overflow(__rt_monotonic_ns(), ns, &deadline)
		       ? RT_NEVER
		       : deadline;
}

long __rt_deadline(const struct timespec *timeout, uint64_t *deadline_ns)
{
	uint64_t ns;

	*deadline_ns = RT_NEVER;
	if (!timeout)
		return 0;
	if (timeout->tv_sec < 0 || timeout->tv_nsec < 0 ||
	    timeout->tv_nsec >= NS_PER_S)
		return -EINVAL;
	if (__builtin_mul_overflow((uint64_t)timeout->tv_sec, NS_PER_S, &ns) ||
	    __builtin_add_overflow(ns, (uint64_t)timeout->tv_nsec, &ns))
		return 0;
	*deadline_ns = from_now(ns);
	return 0;
}

void __rt_time_left(struct timespec *timeout, uint64_t deadline_ns)
{
	uint64_t now = __rt_monotonic_ns(), left;

	if (!timeout || deadline_ns == RT_NEVER)
		return;
	left = now < deadline_ns ? deadline_ns - now : 0;
	timeout->tv_sec = (time_t)(left / NS_PER_S);
	timeout->tv_nsec = (long)(left % NS_PER_S);
}

uint64_t __rt_deadline_ms(int timeout_ms)
{
	return timeout_ms < 0 ? RT_NEVER
			      : from_now((uint64_t)timeout_ms * NS_PER_MS);
}

void __rt_serve_devices(void)
{
	static uint64_t last_ns;
	uint64_t now = __rt_monotonic_ns();

	if (now - last_ns < SERVE_NS)
		return;
	last_ns = now;
	__rt_idle(0);
}
