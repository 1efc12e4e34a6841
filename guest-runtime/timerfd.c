/* SPDX-License-Identifier: ISC */
/*
 * timerfd_create(2).
 *
 * THEORY OF OPERATION
 * A timer is a moment in monotonic time and an interval. It wakes its queue
 * once; expirations are counted, and it is armed for the next moment, when
 * somebody reads. So one that nobody reads costs nothing. A moment of
 * wall-clock time is converted once, when it is set.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>

#include "file.h"
#include "file_poll.h"
#include "rt_syscall.h"
#include "runtime.h"
#include "timer.h"
#include "vnode.h"
#include "wait.h"

#define NS_PER_S 1000000000UL

struct timer {
	struct rt_timer timer; /* first */
	uint64_t due_ns;       /* 0: not set */
	uint64_t interval_ns;  /* 0: once */
	uint64_t expired;      /* times, since that was read */
	int clock;
	struct rt_waitq changed;
};

static void timer_fired(struct rt_timer *timer)
{
	struct timer *t = (struct timer *)timer;

	__rt_waitq_wake_for(&t->changed, POLLIN);
}

/* Counts what has expired by now; whether anything has. */
static int count_expired(struct timer *t, uint64_t now)
{
	uint64_t times = 1;

	if (!t->due_ns || now < t->due_ns)
		return 0;
	if (t->interval_ns) {
		times += (now - t->due_ns) / t->interval_ns;
		t->due_ns += times * t->interval_ns;
	} else {
		t->due_ns = 0;
	}
	t->expired += times;
	return 1;
}

static void arm(struct timer *t)
{
	if (t->due_ns)
		__rt_timer_arm(&t->timer, t->due_ns);
	else
		__rt_timer_cancel(&t->timer);
}

static long timer_readv(struct rt_file *file, const struct iovec *iov,
			int count, uint64_t offset)
{
	struct timer *t = file->own;
	long err;

	(void)offset;
	if (!count || iov->iov_len < sizeof(t->expired))
		return -EINVAL;
	for (;;) {
		count_expired(t, __rt_monotonic_ns());
		if (t->expired)
			break;
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		err = __rt_wait_on(&t->changed, RT_NEVER);
		if (err)
			return err;
	}
	memcpy(iov->iov_base, &t->expired, sizeof(t->expired));
	t->expired = 0;
	arm(t);
	return sizeof(t->expired);
}

static unsigned timer_poll(struct rt_file *file, struct rt_waitq **queue)
{
	struct timer *t = file->own;

	if (queue)
		*queue = &t->changed;
	count_expired(t, __rt_monotonic_ns());
	return t->expired ? POLLIN : 0;
}

static void timer_release(struct rt_file *file)
{
	struct timer *t = file->own;

	__rt_timer_cancel(&t->timer);
	__rt_free(t);
}

static const struct rt_file_ops timer_ops = {
	.readv = timer_readv,
	.poll = timer_poll,
	.release = timer_release,
	.mode = 0600,
};

long __rt_sys_timerfd_create(int clock, int flags)
{
	struct rt_file *f;
	struct timer *t;

	if (flags & ~(TFD_CLOEXEC | TFD_NONBLOCK))
		return -EINVAL;
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC &&
	    clock != CLOCK_BOOTTIME && clock != CLOCK_REALTIME_ALARM &&
	    clock != CLOCK_BOOTTIME_ALARM)
		return -EINVAL;
	t = __rt_calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->timer.fired = timer_fired;
	t->clock = clock;
	f = __rt_file_new(&timer_ops);
	if (!f) {
		__rt_free(t);
		return -ENFILE;
	}
	f->own = t;
	f->flags = O_RDWR | (flags & TFD_NONBLOCK);
	return __rt_file_install(f, flags);
}

static int is_valid(const struct timespec *t)
{
	return t->tv_sec >= 0 && t->tv_nsec >= 0 && t->tv_nsec < (long)NS_PER_S;
}

/* Far enough away from the end of time that sums do not overflow. */
static uint64_t to_ns(const struct timespec *t)
{
	const uint64_t most = UINT64_MAX / 4;

	if ((uint64_t)t->tv_sec >= most / NS_PER_S)
		return most;
	return (uint64_t)t->tv_sec * NS_PER_S + (uint64_t)t->tv_nsec;
}

static struct timespec to_timespec(uint64_t ns)
{
	return (struct timespec){(time_t)(ns / NS_PER_S),
				 (long)(ns % NS_PER_S)};
}

static void get(struct timer *t, struct itimerspec *to)
{
	uint64_t now = __rt_monotonic_ns();

	count_expired(t, now);
	to->it_interval = to_timespec(t->interval_ns);
	to->it_value = to_timespec(t->due_ns ? t->due_ns - now : 0);
}

/* A moment of @clock as one of monotonic time; 1 for what is past. */
static uint64_t moment(int clock, uint64_t ns)
{
	uint64_t now = __rt_monotonic_ns(), clock_now = now;
	struct timespec wall;

	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM) {
		__rt_sys_clock_gettime(CLOCK_REALTIME, &wall);
		clock_now = to_ns(&wall);
	}
	if (ns <= clock_now)
		return clock_now - ns < now ? now - (clock_now - ns) : 1;
	return now + (ns - clock_now);
}

static struct timer *timer_of(int fd, long *err)
{
	struct rt_file *f = __rt_file(fd);

	*err = !f ? -EBADF : f->ops != &timer_ops ? -EINVAL : 0;
	return *err ? NULL : f->own;
}

long __rt_sys_timerfd_settime(int fd, int flags, const struct itimerspec *new,
			      struct itimerspec *old)
{
	long err;
	struct timer *t = timer_of(fd, &err);
	uint64_t ns;

	if (flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET) ||
	    !is_valid(&new->it_value) || !is_valid(&new->it_interval))
		return -EINVAL;
	if (err)
		return err;
	if (old)
		get(t, old);
	ns = to_ns(&new->it_value);
	t->interval_ns = to_ns(&new->it_interval);
	t->expired = 0;
	if (!ns)
		t->due_ns = 0;
	else if (flags & TFD_TIMER_ABSTIME)
		t->due_ns = moment(t->clock, ns);
	else
		t->due_ns = __rt_monotonic_ns() + ns;
	arm(t);
	return 0;
}

long __rt_sys_timerfd_gettime(int fd, struct itimerspec *to)
{
	long err;
	struct timer *t = timer_of(fd, &err);

	if (!err)
		get(t, to);
	return err;
}
