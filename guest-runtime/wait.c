/* SPDX-License-Identifier: ISC */
#include "wait.h"

#include <errno.h>

#include "hypercall_x86_64.h"
#include "runtime.h"
#include "thread.h"

struct rt_waitq __rt_console_waitq;
int __rt_console_ready;
uint64_t __rt_idle_ns;
void (*__rt_slept)(void);
uint64_t (*__rt_before_sleep)(uint64_t deadline_ns);

const struct rt_poller *__rt_waits_alone;

static struct rt_poller *pollers;

void __rt_waitq_join(struct rt_waitq *queue, struct rt_waiter *waiter)
{
	waiter->queue = queue;
	waiter->thread = __rt_self;
	waiter->next = NULL;
	waiter->previous = queue->last;
	*(queue->last ? &queue->last->next : &queue->first) = waiter;
	queue->last = waiter;
}

void __rt_waitq_leave(struct rt_waiter *waiter)
{
	struct rt_waitq *queue = waiter->queue;

	if (!queue)
		return;
	*(waiter->previous ? &waiter->previous->next : &queue->first) =
		waiter->next;
	*(waiter->next ? &waiter->next->previous : &queue->last) =
		waiter->previous;
	waiter->queue = NULL;
}

unsigned __rt_waitq_wake(struct rt_waitq *queue, unsigned most)
{
	struct rt_waiter *waiter = queue->first, *next;
	unsigned count = 0;

	for (; waiter && count < most; waiter = next, count++) {
		next = waiter->next;
		if (waiter->woken) {
			waiter->woken(waiter);
			continue;
		}
		__rt_waitq_leave(waiter);
		__rt_thread_wake(waiter->thread);
	}
	return count;
}

void __rt_poller_add(struct rt_poller *poller)
{
	poller->next = pollers;
	pollers = poller;
}

/* Whether the calling thread has to leave __rt_block() without being woken. */
static int is_interrupted(void)
{
	const struct rt_thread *self = __rt_self;

	return self->due & RT_DUE_SIGNAL ||
	       (self->cancel_point && __rt_cancel && __rt_cancel->is_due());
}

/* What is to be waited for. */
static uint64_t all_devices(void)
{
	uint64_t set = 0;

	if (__rt_console_waitq.first && !__rt_console_ready)
		set = BP_WAIT_CONSOLE;
	for (const struct rt_poller *p = pollers; p; p = p->next)
		set |= p->devices;
	return set;
}

/* Who can wait for all of @set alone, or NULL. */
static const struct rt_poller *alone(uint64_t set)
{
	for (const struct rt_poller *p = pollers; p; p = p->next)
		if (p->wait && set && p->devices == set && !(set & (set - 1)))
			return p;
	return NULL;
}

static void sleep_for(uint64_t timeout, uint64_t set)
{
	uint64_t ready;

	if (__rt_waits_alone) {
		__rt_waits_alone->wait(timeout);
		return;
	}
	ready = hypercall_wait(timeout, set);
	if (ready & BP_WAIT_CONSOLE) {
		__rt_console_ready = 1;
		__rt_waitq_wake(&__rt_console_waitq, RT_WAKE_ALL);
	}
	for (struct rt_poller *p = pollers; p; p = p->next)
		if (ready & p->devices)
			p->ready(ready & p->devices);
}

static void serve(uint64_t deadline_ns)
{
	uint64_t timeout = BP_WAIT_FOREVER, set = all_devices(), now, ticks;

	__rt_waits_alone = alone(set);
	for (struct rt_poller *p = pollers; p; p = p->next)
		if (p->before_wait)
			deadline_ns = p->before_wait(deadline_ns);
	/* One of them may have found something to do. */
	if (deadline_ns && (__rt_self->woken || __rt_runnable))
		return;
	if (deadline_ns && __rt_before_sleep)
		deadline_ns = __rt_before_sleep(deadline_ns);
	if (deadline_ns != RT_NEVER) {
		now = __rt_monotonic_ns();
		timeout = now < deadline_ns ? deadline_ns - now : 0;
		if (!timeout && !set)
			return;
	}
	now = __rt_monotonic_ns();
	ticks = __rt_ticks();
	sleep_for(timeout, set);
	__rt_running_since += __rt_ticks() - ticks;
	__rt_idle_ns += __rt_monotonic_ns() - now;
	if (__rt_slept)
		__rt_slept();
}

/* What pollers do is no business of the thread that happens to ask them. */
void __rt_idle(uint64_t deadline_ns)
{
	int before = errno;

	serve(deadline_ns);
	errno = before;
}

int __rt_may_wake(void)
{
	int before = errno, may = __rt_console_waitq.first != NULL;

	for (struct rt_poller *p = pollers; p && !may; p = p->next)
		may = p->devices ||
		      (p->before_wait && p->before_wait(RT_NEVER) != RT_NEVER);
	errno = before;
	return may;
}

long __rt_block(uint64_t deadline_ns)
{
	struct rt_thread *self = __rt_self;

	while (!self->woken) {
		__rt_take_noted();
		if (is_interrupted())
			return -EINTR;
		if (!__rt_scheduler ||
		    !__rt_scheduler->run_others(deadline_ns)) {
			self->state = RT_IDLE;
			__rt_idle(deadline_ns);
			self->state = RT_RUNNING;
		}
		if (!self->woken && deadline_ns != RT_NEVER &&
		    __rt_monotonic_ns() >= deadline_ns)
			return -ETIMEDOUT;
	}
	self->woken = 0;
	if (__rt_scheduler)
		__rt_scheduler->goes_on();
	return 0;
}

long __rt_wait_on(struct rt_waitq *queue, uint64_t deadline_ns)
{
	struct rt_waiter waiter = {0};
	long err;

	__rt_waitq_join(queue, &waiter);
	err = __rt_block(deadline_ns);
	__rt_waitq_leave(&waiter);
	return err;
}
