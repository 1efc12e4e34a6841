/* SPDX-License-Identifier: ISC */
/*
 * What is pending: a set of bits for the process and one for each thread, and
 * one list of all that is known about these signals, in the order they came.
 * Real-time signals may be in it more than once.
 */
#include <errno.h>
#include <string.h>

#include "rt_syscall.h"
#include "signals.h"
#include "thread.h"
#include "vnode.h"

#define QUEUE_MOST     1024 /* entries */
#define FIRST_REALTIME 32

struct entry {
	struct entry *next;
	int tid; /* 0: the process */
	siginfo_t info;
};

static uint64_t process_pending;
static struct entry *queue;
static unsigned queued;

struct rt_waitq __rt_signal_waitq;
void (*__rt_timer_signal_taken)(siginfo_t *info);

static void drop(struct entry **link)
{
	struct entry *e = *link;

	*link = e->next;
	__rt_free(e);
	queued--;
}

/* Of threads that have ended. */
static void drop_stale(void)
{
	struct entry **link = &queue;

	while (*link)
		if ((*link)->tid && !__rt_thread_find((*link)->tid))
			drop(link);
		else
			link = &(*link)->next;
}

static long enqueue(int tid, const siginfo_t *info)
{
	struct entry **link = &queue, *e;

	drop_stale();
	e = queued < QUEUE_MOST ? __rt_malloc(sizeof(*e)) : NULL;
	/* Only sigqueue() has to fail; of others the bit is enough. */
	if (!e)
		return info->si_code == SI_QUEUE ? -EAGAIN : 0;
	*e = (struct entry){.tid = tid, .info = *info};
	while (*link)
		link = &(*link)->next;
	*link = e;
	queued++;
	return 0;
}

static int is_queued_timer(const siginfo_t *info)
{
	const struct entry *e = queue;

	if (info->si_code != SI_TIMER)
		return 0;
	while (e && (e->info.si_code != SI_TIMER ||
		     e->info.si_timerid != info->si_timerid))
		e = e->next;
	return e != NULL;
}

/* Who handles what is sent to the process: rather the first thread. */
static struct rt_thread *find_target(uint64_t bit)
{
	struct rt_thread *t = &__rt_first_thread;

	if (t->state != RT_DEAD && !(t->signals_blocked & bit))
		return t;
	for (t = __rt_all_threads; t; t = t->next)
		if (t->state != RT_DEAD && !(t->signals_blocked & bit))
			return t;
	return NULL;
}

long __rt_signal_send(struct rt_thread *thread, const siginfo_t *info)
{
	uint64_t bit = __rt_signal_bit(info->si_signo);
	uint64_t *pending =
		thread ? &thread->signals_pending : &process_pending;
	struct rt_thread *target;
	long err;

	if (!thread)
		target = find_target(bit);
	else
		target = thread->signals_blocked & bit ? NULL : thread;
	if (target && __rt_signal_is_ignored(info->si_signo))
		return 0;
	if (*pending & bit && info->si_signo < FIRST_REALTIME)
		return 1;
	if (is_queued_timer(info))
		return 1;
	err = enqueue(thread ? thread->tid : 0, info);
	if (err)
		return err;
	*pending |= bit;
	__rt_waitq_wake(&__rt_signal_waitq, RT_WAKE_ALL);
	__rt_deliver_signals = __rt_signal_deliver;
	__rt_deliver_preempted = __rt_signal_deliver_preempted;
	if (target)
		__rt_thread_interrupt(target, RT_DUE_SIGNAL);
	return 0;
}

/* Those that a fault causes come first, as on Linux. */
static int first_of(uint64_t set)
{
	uint64_t faults = __rt_signal_bit(SIGSEGV) | __rt_signal_bit(SIGBUS) |
			  __rt_signal_bit(SIGILL) | __rt_signal_bit(SIGTRAP) |
			  __rt_signal_bit(SIGFPE) | __rt_signal_bit(SIGSYS);

	if (set & faults)
		set &= faults;
	return set ? __builtin_ctzll(set) + 1 : 0;
}

static void dequeue(int tid, int signal, uint64_t *pending, siginfo_t *info)
{
	struct entry **link = &queue, *more;

	*info = (siginfo_t){.si_signo = signal, .si_pid = 1};
	while (*link &&
	       ((*link)->tid != tid || (*link)->info.si_signo != signal))
		link = &(*link)->next;
	more = *link;
	if (more) {
		*info = more->info;
		drop(link);
		if (info->si_code == SI_TIMER && __rt_timer_signal_taken)
			__rt_timer_signal_taken(info);
		more = *link;
	}
	while (more && (more->tid != tid || more->info.si_signo != signal))
		more = more->next;
	if (!more)
		*pending &= ~__rt_signal_bit(signal);
}

int __rt_signal_take(uint64_t set, siginfo_t *info)
{
	struct rt_thread *self = __rt_self;
	int signal = first_of(self->signals_pending & set);

	if (signal) {
		dequeue(self->tid, signal, &self->signals_pending, info);
		return signal;
	}
	signal = first_of(process_pending & set);
	if (signal)
		dequeue(0, signal, &process_pending, info);
	return signal;
}

uint64_t __rt_signal_pending(void)
{
	return process_pending | __rt_self->signals_pending;
}

void __rt_signal_unblocked(void)
{
	if (__rt_signal_pending() & ~__rt_self->signals_blocked)
		__rt_thread_interrupt(__rt_self, RT_DUE_SIGNAL);
}

static long send_to(struct rt_thread *thread, int signal, int code)
{
	const siginfo_t info = {
		.si_signo = signal,
		.si_code = code,
		.si_pid = 1,
	};
	long err;

	if (signal < 0 || signal >= RT_SIGNALS)
		return -EINVAL;
	err = signal ? __rt_signal_send(thread, &info) : 0;
	return err > 0 ? 0 : err;
}

long __rt_sys_tkill(int tid, int signal)
{
	struct rt_thread *thread;

	if (tid < 1)
		return -EINVAL;
	thread = __rt_thread_find(tid);
	return thread ? send_to(thread, signal, SI_TKILL) : -ESRCH;
}

long __rt_sys_tgkill(int pid, int tid, int signal)
{
	return pid == 1 ? __rt_sys_tkill(tid, signal) : -ESRCH;
}

long __rt_sys_kill(int pid, int signal)
{
	if (pid < -1 || pid > 1)
		return -ESRCH;
	return send_to(NULL, signal, SI_USER);
}

static long send_info(struct rt_thread *thread, int signal,
		      const siginfo_t *from)
{
	siginfo_t info = *from;
	long err;

	if (signal < 0 || signal >= RT_SIGNALS)
		return -EINVAL;
	info.si_signo = signal;
	err = signal ? __rt_signal_send(thread, &info) : 0;
	return err > 0 ? 0 : err;
}

long __rt_sys_rt_sigqueueinfo(int pid, int signal, const void *info)
{
	return pid == 1 ? send_info(NULL, signal, info) : -ESRCH;
}

long __rt_sys_rt_tgsigqueueinfo(int pid, int tid, int signal, const void *info)
{
	struct rt_thread *thread = pid == 1 ? __rt_thread_find(tid) : NULL;

	return thread ? send_info(thread, signal, info) : -ESRCH;
}
