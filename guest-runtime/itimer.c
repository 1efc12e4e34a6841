/* SPDX-License-Identifier: ISC */
/*
 * Timers that send signals: setitimer(2), timer_create(2). CPU time is time
 * here, see clock.c.
 */
#include <errno.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "hypercall_x86_64.h"
#include "interrupt.h"
#include "rt_syscall.h"
#include "runtime.h"
#include "signals.h"
#include "thread.h"
#include "timer.h"
#include "vnode.h"
#include "wait.h"

#define NS_PER_S   1000000000ULL
#define NS_PER_US  1000ULL
#define ID_LIMIT   0x7fffffff
#define TIMER_MOST 4096
#define ALSO_NS	   10000000ULL

struct itimer {
	struct rt_timer timer;
	uint64_t interval_ns;
	int signal;
};

/* As the kernel has it: musl's timer_create(). */
struct kernel_sigevent {
	union sigval value;
	int signal;
	int notify;
	int tid;
};

struct posix_timer {
	struct rt_timer timer;
	struct posix_timer *next;
	struct kernel_sigevent event;
	uint64_t interval_ns;
	int id;
	int clock;
	int overrun;	  /* while a signal is pending */
	int overrun_told; /* with the last one that was taken */
};

static struct itimer itimers[3] = {
	[ITIMER_REAL] = {.signal = SIGALRM},
	[ITIMER_VIRTUAL] = {.signal = SIGVTALRM},
	[ITIMER_PROF] = {.signal = SIGPROF},
};
static struct posix_timer *timers;
static unsigned timer_count;

int (*__rt_tick_also)(void);

/* Before there is a scheduler: the program has just computed for a while. */
static void tick(void)
{
	int more = __rt_tick_also && __rt_tick_also();
	uint64_t next = __rt_timers_run(), now = __rt_monotonic_ns();

	if (more && next > now + ALSO_NS)
		next = now + ALSO_NS;
	if (next == RT_NEVER)
		hypercall_tick(0);
	else
		hypercall_tick(next > now ? next - now : 1);
}

/* Turns ticks off, or to when the next one is of use. */
static void slept(void)
{
	if (!(__rt_upcalls_noted & 1 << BP_UPCALL_TICK))
		return;
	__rt_upcalls_noted &= ~(1U << BP_UPCALL_TICK);
	tick();
}

/* 0: there is no memory for them. */
static int ticks_begin(void)
{
	if (__rt_upcalls_on(1U << BP_UPCALL_TICK) < 0)
		return 0;
	if (!__rt_upcall_tick) {
		__rt_upcall_tick = tick;
		__rt_slept = slept;
	}
	return 1;
}

void __rt_signal_timer_armed(void)
{
	uint64_t next = __rt_timers_run(), now = __rt_monotonic_ns();

	if (__rt_scheduler) {
		__rt_scheduler->want_ticks();
		return;
	}
	if (!ticks_begin())
		return;
	hypercall_tick(next > now ? next - now : 1);
}

/* A scheduler has ticks of its own, and looks at devices in them. */
void __rt_tick_soon(void)
{
	uint64_t next = __rt_timers_run(), now = __rt_monotonic_ns();

	if (__rt_scheduler || !ticks_begin())
		return;
	if (next > now + ALSO_NS)
		next = now + ALSO_NS;
	hypercall_tick(next > now ? next - now : 1);
}

/* How long until it fires; 0: never. */
static uint64_t left_ns(const struct rt_timer *timer)
{
	uint64_t now = __rt_monotonic_ns();

	if (!__rt_timer_is_armed(timer))
		return 0;
	return timer->at_ns > now ? timer->at_ns - now : 1;
}

/* Arms it again, and tells how many moments have been missed. */
static int again(struct rt_timer *timer, uint64_t interval_ns)
{
	uint64_t now = __rt_monotonic_ns(), missed;

	if (!interval_ns)
		return 0;
	missed = now > timer->at_ns ? (now - timer->at_ns) / interval_ns : 0;
	__rt_timer_arm(timer, timer->at_ns + (missed + 1) * interval_ns);
	return missed < ID_LIMIT ? (int)missed : ID_LIMIT - 1;
}

static void itimer_fired(struct rt_timer *timer)
{
	struct itimer *t = (struct itimer *)timer;
	const siginfo_t info = {
		.si_signo = t->signal,
		.si_code = SI_KERNEL,
	};

	again(timer, t->interval_ns);
	__rt_signal_send(NULL, &info);
}

static uint64_t from_timeval(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * NS_PER_S +
	       (uint64_t)t->tv_usec * NS_PER_US;
}

static void to_timeval(uint64_t ns, struct timeval *t)
{
	/* What is left is not told as nothing. */
	uint64_t us = (ns + NS_PER_US - 1) / NS_PER_US;

	t->tv_sec = (time_t)(us / 1000000);
	t->tv_usec = (suseconds_t)(us % 1000000);
}

static int is_timeval(const struct timeval *t)
{
	return t->tv_sec >= 0 && t->tv_usec >= 0 && t->tv_usec < 1000000;
}

long __rt_sys_getitimer(int which, void *value)
{
	struct itimerval *now = value;

	if (which < 0 || which > ITIMER_PROF)
		return -EINVAL;
	to_timeval(left_ns(&itimers[which].timer), &now->it_value);
	to_timeval(itimers[which].interval_ns, &now->it_interval);
	return 0;
}

long __rt_sys_setitimer(int which, const void *new, void *old)
{
	const struct itimerval *wanted = new;
	struct itimer *t;
	uint64_t ns;

	if (which < 0 || which > ITIMER_PROF)
		return -EINVAL;
	if (wanted && (!is_timeval(&wanted->it_value) ||
		       !is_timeval(&wanted->it_interval)))
		return -EINVAL;
	t = &itimers[which];
	if (old)
		__rt_sys_getitimer(which, old);
	if (!wanted)
		return 0;
	ns = from_timeval(&wanted->it_value);
	t->interval_ns = from_timeval(&wanted->it_interval);
	t->timer.fired = itimer_fired;
	if (!ns) {
		__rt_timer_cancel(&t->timer);
		return 0;
	}
	__rt_timer_arm(&t->timer, __rt_monotonic_ns() + ns);
	__rt_signal_timer_armed();
	return 0;
}

/* Seconds, rounded; what is left is not told as nothing. */
long __rt_sys_alarm(unsigned seconds)
{
	struct itimerval new = {.it_value.tv_sec = seconds}, old;

	__rt_sys_setitimer(ITIMER_REAL, &new, &old);
	return old.it_value.tv_sec +
	       (old.it_value.tv_usec >= 500000 ||
		(!old.it_value.tv_sec && old.it_value.tv_usec));
}

static struct posix_timer **find(int id)
{
	struct posix_timer **link = &timers;

	while (*link && (*link)->id != id)
		link = &(*link)->next;
	return link;
}

static void add_overrun(struct posix_timer *t, int more)
{
	t->overrun =
		more < ID_LIMIT - t->overrun ? t->overrun + more : ID_LIMIT;
}

static void posix_fired(struct rt_timer *timer)
{
	struct posix_timer *t = (struct posix_timer *)timer;
	struct rt_thread *thread = NULL;
	siginfo_t info = {
		.si_signo = t->event.signal,
		.si_code = SI_TIMER,
	};
	int missed = again(timer, t->interval_ns);

	if (t->event.notify == SIGEV_NONE)
		return;
	if (t->event.notify == SIGEV_THREAD_ID) {
		thread = __rt_thread_find(t->event.tid);
		if (!thread)
			return;
	}
	info.si_timerid = t->id;
	info.si_value = t->event.value;
	if (__rt_signal_send(thread, &info) == 0)
		t->overrun = missed;
	else
		add_overrun(t, missed + 1);
}

static void signal_taken(siginfo_t *info)
{
	struct posix_timer *t = *find(info->si_timerid);

	if (!t)
		return;
	info->si_overrun = t->overrun_told = t->overrun;
	t->overrun = 0;
}

long __rt_sys_timer_create(int clock, const void *event, int *id)
{
	static int last_id = -1;
	struct posix_timer *t;
	uint64_t unused;
	const struct timespec zero = {0};

	if (__rt_clock_deadline(clock, 0, &zero, &unused))
		return -EINVAL;
	t = timer_count < TIMER_MOST ? __rt_calloc(1, sizeof(*t)) : NULL;
	if (!t)
		return -EAGAIN;
	t->id = ++last_id & ID_LIMIT;
	t->event = (struct kernel_sigevent){
		.value.sival_int = t->id,
		.signal = SIGALRM,
		.notify = SIGEV_SIGNAL,
	};
	if (event)
		memcpy(&t->event, event, sizeof(t->event));
	if (t->event.notify != SIGEV_NONE &&
	    (t->event.signal < 1 || t->event.signal >= RT_SIGNALS)) {
		__rt_free(t);
		return -EINVAL;
	}
	t->clock = clock;
	t->timer.fired = posix_fired;
	__rt_timer_signal_taken = signal_taken;
	t->next = timers;
	timers = t;
	timer_count++;
	*id = t->id;
	return 0;
}

static void to_timespec(uint64_t ns, struct timespec *t)
{
	t->tv_sec = (time_t)(ns / NS_PER_S);
	t->tv_nsec = (long)(ns % NS_PER_S);
}

static int is_timespec(const struct timespec *t)
{
	return t->tv_sec >= 0 && t->tv_nsec >= 0 && t->tv_nsec < (long)NS_PER_S;
}

long __rt_sys_timer_gettime(int id, void *value)
{
	const struct posix_timer *t = *find(id);
	struct itimerspec *now = value;

	if (!t)
		return -EINVAL;
	to_timespec(left_ns(&t->timer), &now->it_value);
	to_timespec(t->interval_ns, &now->it_interval);
	return 0;
}

long __rt_sys_timer_settime(int id, int flags, const void *new, void *old)
{
	struct posix_timer *t = *find(id);
	const struct itimerspec *wanted = new;
	uint64_t deadline;
	int err;

	if (!t || !wanted || !is_timespec(&wanted->it_value) ||
	    !is_timespec(&wanted->it_interval))
		return -EINVAL;
	if (old)
		__rt_sys_timer_gettime(id, old);
	t->interval_ns = (uint64_t)wanted->it_interval.tv_sec * NS_PER_S +
			 (uint64_t)wanted->it_interval.tv_nsec;
	t->overrun = 0;
	if (!wanted->it_value.tv_sec && !wanted->it_value.tv_nsec) {
		__rt_timer_cancel(&t->timer);
		return 0;
	}
	err = __rt_clock_deadline(t->clock, flags & TIMER_ABSTIME,
				  &wanted->it_value, &deadline);
	if (err)
		return err;
	__rt_timer_arm(&t->timer, deadline);
	__rt_signal_timer_armed();
	return 0;
}

long __rt_sys_timer_getoverrun(int id)
{
	const struct posix_timer *t = *find(id);

	return t ? t->overrun_told : -EINVAL;
}

long __rt_sys_timer_delete(int id)
{
	struct posix_timer **link = find(id), *t = *link;

	if (!t)
		return -EINVAL;
	__rt_timer_cancel(&t->timer);
	*link = t->next;
	__rt_free(t);
	timer_count--;
	return 0;
}
