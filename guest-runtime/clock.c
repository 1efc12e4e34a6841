/* SPDX-License-Identifier: ISC */
/*
 * Clocks, from the CPU's time stamp counter: no exit.
 *
 * THEORY OF OPERATION
 * The counter runs at a constant rate, which boot info tells. Monotonic time
 * is ticks since the start times a 32.32 fixed-point factor. Wall-clock time is
 * monotonic time plus an offset, learnt from the tender when first asked for
 * and again when it is a minute old, so that a guest follows the host's clock.
 */
#include <errno.h>
#include <sys/time.h>
#include <time.h>

#include "hypercall_x86_64.h"
#include "rt_syscall.h"
#include "runtime.h"
#include "thread.h"
#include "wait.h"

#define NS_PER_S	1000000000ULL
#define WALL_MAX_AGE_NS (60 * NS_PER_S)

/* Clocks below zero: the complement of an id, and these bits. */
#define CPU_CLOCK_BITS	  3
#define CPU_CLOCK_KIND	  7
#define CPU_CLOCK_PROCESS 2
#define CPU_CLOCK_THREAD  6

static uint64_t start_ticks;
static uint64_t factor; /* nanoseconds per tick, times 2^32 */
static uint64_t latest_ns;
uint64_t __rt_running_since;
static uint64_t wall_offset_ns;
static uint64_t wall_learnt_ns; /* monotonic; 0: never */

static uint64_t ticks(void)
{
	uint32_t low, high;

	/* Not before the loads and stores that came before it (SDM RDTSC). */
	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

void __rt_clock_init(void)
{
	start_ticks = __rt_running_since = ticks();
}

static uint64_t ns_of(uint64_t ticks)
{
	if (!factor)
		factor = (uint64_t)(((unsigned __int128)NS_PER_S << 32) /
				    __rt_boot->tsc_hz);
	return (uint64_t)((unsigned __int128)ticks * factor >> 32);
}

uint64_t __rt_monotonic_ns(void)
{
	uint64_t now = ns_of(ticks() - start_ticks);

	if (now > latest_ns)
		latest_ns = now;
	return latest_ns;
}

uint64_t __rt_cpu_ns(void)
{
	return __rt_monotonic_ns() - __rt_idle_ns;
}

uint64_t __rt_thread_cpu_ns(const struct rt_thread *thread)
{
	uint64_t ran = thread->ran_ticks;

	if (thread == __rt_self)
		ran += __rt_ticks() - __rt_running_since;
	return ns_of(ran);
}

static uint64_t wall_ns(void)
{
	uint64_t now = __rt_monotonic_ns();

	if (!wall_learnt_ns || now - wall_learnt_ns > WALL_MAX_AGE_NS) {
		uint64_t wall = (uint64_t)hypercall_clock_wall();
		uint64_t after = __rt_monotonic_ns();

		/* The tender read its clock in the middle of the call. */
		wall_offset_ns = wall - (now + (after - now) / 2);
		wall_learnt_ns = after;
		now = after;
	}
	return now + wall_offset_ns;
}

/* That of a process or a thread, as pthread_getcpuclockid() numbers them. */
static int cpu_clock_ns(int clock, uint64_t *ns)
{
	int id = ~(clock >> CPU_CLOCK_BITS);
	const struct rt_thread *t = id ? __rt_thread_find(id) : __rt_self;
	int kind = clock & CPU_CLOCK_KIND;

	if (kind == CPU_CLOCK_THREAD && t)
		*ns = __rt_thread_cpu_ns(t);
	else if (kind == CPU_CLOCK_PROCESS && (id == 0 || id == 1))
		*ns = __rt_cpu_ns();
	else
		return -EINVAL;
	return 0;
}

static int clock_ns(int clock, uint64_t *ns)
{
	if (clock < 0)
		return cpu_clock_ns(clock, ns);
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_TAI:
		*ns = wall_ns();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
		*ns = __rt_monotonic_ns();
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
		*ns = __rt_cpu_ns();
		return 0;
	case CLOCK_THREAD_CPUTIME_ID:
		*ns = __rt_thread_cpu_ns(__rt_self);
		return 0;
	default:
		return -EINVAL;
	}
}

static void to_timespec(uint64_t ns, struct timespec *t)
{
	t->tv_sec = (time_t)(ns / NS_PER_S);
	t->tv_nsec = (long)(ns % NS_PER_S);
}

long __rt_sys_clock_gettime(int clock, struct timespec *t)
{
	uint64_t ns;
	int err = clock_ns(clock, &ns);

	if (!err)
		to_timespec(ns, t);
	return err;
}

long __rt_sys_clock_getres(int clock, struct timespec *t)
{
	uint64_t ns;
	int err = clock_ns(clock, &ns);

	if (!err && t)
		to_timespec(1, t);
	return err;
}

long __rt_sys_gettimeofday(struct timeval *t, void *zone)
{
	uint64_t ns = wall_ns();

	(void)zone;
	t->tv_sec = (time_t)(ns / NS_PER_S);
	t->tv_usec = (suseconds_t)(ns % NS_PER_S / 1000);
	return 0;
}

long __rt_sys_time(long *t)
{
	long now = (long)(wall_ns() / NS_PER_S);

	if (t)
		*t = now;
	return now;
}

static int is_valid(const struct timespec *t)
{
	return t->tv_sec >= 0 && t->tv_nsec >= 0 && t->tv_nsec < (long)NS_PER_S;
}

/* Saturates: about 584 years are for ever. */
static uint64_t to_ns(const struct timespec *t)
{
	uint64_t s = (uint64_t)t->tv_sec;

	if (s >= UINT64_MAX / NS_PER_S)
		return RT_NEVER;
	return s * NS_PER_S + (uint64_t)t->tv_nsec;
}

int __rt_clock_deadline(int clock, int absolute, const struct timespec *t,
			uint64_t *deadline_ns)
{
	uint64_t clock_now, ns, now;
	int err = clock_ns(clock, &clock_now);

	if (err || !is_valid(t))
		return -EINVAL;
	ns = to_ns(t);
	if (absolute)
		ns = ns > clock_now ? ns - clock_now : 0;
	now = __rt_monotonic_ns();
	*deadline_ns = ns < RT_NEVER - now ? now + ns : RT_NEVER;
	return 0;
}

long __rt_sys_clock_nanosleep(int clock, int flags, const struct timespec *t,
			      struct timespec *left)
{
	uint64_t deadline_ns, now;
	long err = __rt_clock_deadline(clock, flags & TIMER_ABSTIME, t,
				       &deadline_ns);

	if (err)
		return err;
	do
		err = __rt_block(deadline_ns);
	while (!err);
	if (err == -ETIMEDOUT)
		return 0;
	if (left && !(flags & TIMER_ABSTIME)) {
		now = __rt_monotonic_ns();
		to_timespec(now < deadline_ns ? deadline_ns - now : 0, left);
	}
	return __rt_interrupted();
}

long __rt_sys_nanosleep(const struct timespec *t, struct timespec *left)
{
	return __rt_sys_clock_nanosleep(CLOCK_MONOTONIC, 0, t, left);
}
