/* SPDX-License-Identifier: ISC */
/*
 * The scheduler: who runs next.
 *
 * THEORY OF OPERATION
 * One vCPU, one queue, first come first served. A thread gives up the CPU when
 * it blocks, yields, or leaves a section in which a tick came. There is no idle
 * thread: who blocks last asks the pollers and sleeps in the tender, within
 * __rt_block(), and goes on in there when it is itself who was woken.
 *
 * The counter of sections is the running thread's; switching is done within a
 * section, so that a tick only leaves a note. What is to be done behind a
 * switch is done by whoever runs then: __rt_switched(). A thread that a tick
 * interrupted is resumed with all its registers, and does not come by there.
 *
 * Ticks are on while somebody else than the running thread may have to run:
 * turned on when that becomes so, and off by a tick that finds nobody, or
 * everybody asleep.
 */
#include "scheduler.h"

#include <stddef.h>

#include "hypercall_x86_64.h"
#include "interrupt.h"
#include "rt_syscall.h"
#include "runtime.h"
#include "thread.h"
#include "wait.h"

/* How often those who block are served while others stay runnable. */
#define SWITCHES_PER_POLL 64
#define DEVICE_POLL_NS	  1000000

#define TICK_NS 10000000

void __rt_switch(uintptr_t *stack_pointer, uintptr_t to);
void __rt_switch_resume(uintptr_t *stack_pointer, const struct rt_saved *to);
_Noreturn void __rt_switch_leave(uintptr_t to);
void __rt_switched(void);

static struct rt_thread *last_runnable;
static struct rt_thread *dead; /* its stack was in use when it ended */
static int ticks_are_on;

static void turn_ticks(int on)
{
	ticks_are_on = on;
	hypercall_tick(on ? TICK_NS : 0);
}

static void want_ticks(void)
{
	if (!ticks_are_on)
		turn_ticks(1);
}

/* Whether it may become somebody else's turn without the running thread. */
static int others_may_run(void)
{
	return __rt_runnable || __rt_may_wake();
}

static void enqueue(struct rt_thread *thread)
{
	thread->state = RT_RUNNABLE;
	thread->next_runnable = NULL;
	*(__rt_runnable ? &last_runnable->next_runnable : &__rt_runnable) =
		thread;
	last_runnable = thread;
}

static struct rt_thread *dequeue(void)
{
	struct rt_thread *thread = __rt_runnable;

	if (thread)
		__rt_runnable = thread->next_runnable;
	return thread;
}

void __rt_switched(void)
{
	struct rt_thread *self = __rt_self;

	if (dead) {
		__rt_thread_free(dead);
		dead = NULL;
	}
	__rt_section = self->section | (self->due ? RT_SECTION_DUE : 0);
}

static void become(struct rt_thread *next)
{
	uint64_t now = __rt_ticks();

	__rt_self->ran_ticks += now - __rt_running_since;
	__rt_running_since = now;
	__rt_self = next;
	next->state = RT_RUNNING;
	if (__rt_boot->flags & BP_BOOT_FSGSBASE)
		__asm__ volatile("wrfsbase %0" : : "r"(next->tls) : "memory");
	else
		hypercall_set_tls(next->tls);
	if (next->is_preempted)
		__rt_resume_prepare(next);
}

static void switch_to(struct rt_thread *next)
{
	struct rt_thread *self = __rt_self;

	if (!ticks_are_on && others_may_run())
		want_ticks();
	self->section = __rt_section & INT_MAX;
	become(next);
	if (next->is_preempted) {
		next->is_preempted = 0;
		__rt_switch_resume(&self->stack_pointer, next->saved);
	} else {
		__rt_switch(&self->stack_pointer, next->stack_pointer);
	}
	__rt_switched();
}

/* On the upcall's stack, and the running thread in its ->saved. */
static void preempt(void)
{
	struct rt_thread *self = __rt_self, *next;

	__rt_idle(0);
	next = dequeue();
	if (!next) {
		/* A timer from before there were threads may have made it. */
		if (others_may_run())
			want_ticks();
		else
			turn_ticks(0);
		return;
	}
	self->is_preempted = 1;
	enqueue(self);
	become(next);
	if (!next->is_preempted)
		__rt_switch_leave(next->stack_pointer);
	next->is_preempted = 0;
	__rt_resume(next->saved);
}

/* Serves timers now and then, and devices, which cost an exit, less often. */
static void poll_sometimes(void)
{
	static unsigned switches;
	static uint64_t last_ns;
	uint64_t now;

	if (__rt_upcalls_noted & 1 << BP_UPCALL_TICK) {
		__rt_upcalls_noted &= ~(1U << BP_UPCALL_TICK);
		if (!others_may_run())
			turn_ticks(0);
	} else if (++switches % SWITCHES_PER_POLL) {
		return;
	}
	now = __rt_monotonic_ns();
	if (now - last_ns < DEVICE_POLL_NS)
		return;
	last_ns = now;
	__rt_idle(0);
}

static void slept(void)
{
	if (!(__rt_upcalls_noted & 1 << BP_UPCALL_TICK))
		return;
	__rt_upcalls_noted &= ~(1U << BP_UPCALL_TICK);
	turn_ticks(0);
}

static void goes_on(void)
{
	if (!ticks_are_on && others_may_run())
		want_ticks();
}

void __rt_sched_add(struct rt_thread *thread)
{
	if (thread->state != RT_BLOCKED)
		return;
	enqueue(thread);
	/* Else it runs at once, or it is thought about in switch_to(). */
	if (__rt_self->state == RT_RUNNING)
		want_ticks();
}

static void timeout_fired(struct rt_timer *timer)
{
	char *thread = (char *)timer - offsetof(struct rt_thread, timeout);

	__rt_sched_add((struct rt_thread *)thread);
}

static int run_others(uint64_t deadline_ns)
{
	struct rt_thread *self = __rt_self, *next;

	poll_sometimes();
	if (self->woken)
		return 1;
	next = dequeue();
	if (!next)
		return 0;
	self->state = RT_BLOCKED;
	if (deadline_ns != RT_NEVER) {
		self->timeout.fired = timeout_fired;
		__rt_timer_arm(&self->timeout, deadline_ns);
	}
	switch_to(next);
	__rt_timer_cancel(&self->timeout);
	return 1;
}

static void yield(void)
{
	struct rt_thread *next;

	poll_sometimes();
	next = dequeue();
	if (!next)
		return;
	enqueue(__rt_self);
	switch_to(next);
}

void __rt_sched_leave(void)
{
	struct rt_thread *next;

	while (!(next = dequeue()))
		__rt_idle(RT_NEVER);
	/* Another one, behind which only interrupted threads have run. */
	if (dead)
		__rt_thread_free(dead);
	dead = __rt_self;
	switch_to(next);
	__builtin_unreachable();
}

int __rt_sched_init(void)
{
	static const struct rt_scheduler scheduler = {
		.run_others = run_others,
		.make_runnable = __rt_sched_add,
		.yield = yield,
		.exit = __rt_thread_end,
		.want_ticks = want_ticks,
		.goes_on = goes_on,
	};

	int err = __rt_upcalls_on(1U << BP_UPCALL_TICK);

	if (err)
		return err;
	__rt_upcall_tick = preempt;
	__rt_slept = slept;
	__rt_scheduler = &scheduler;
	__rt_futex = __rt_sys_futex;
	return 0;
}
