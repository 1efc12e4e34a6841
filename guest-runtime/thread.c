/* SPDX-License-Identifier: ISC */
/* What every image has of threads: the first one, and hooks for the others. */
#include "thread.h"

#include <errno.h>

#include "interrupt.h"
#include "rt_syscall.h"

struct rt_thread __rt_first_thread = {.tid = 1};
struct rt_thread *__rt_self = &__rt_first_thread;
struct rt_thread *__rt_all_threads = &__rt_first_thread;
struct rt_thread *__rt_runnable;

int __rt_section;
unsigned __rt_upcalls_noted;
unsigned __rt_upcall_signal;
const struct rt_scheduler *__rt_scheduler;
const struct rt_cancel *__rt_cancel;
long (*__rt_deliver_signals)(long result, struct rt_registers *registers);
void (*__rt_deliver_preempted)(struct rt_thread *thread);
void (*__rt_host_signal)(int signal);

long __rt_cancel_here(long result);

struct rt_thread *__rt_thread_find(int tid)
{
	struct rt_thread *t = __rt_all_threads;

	while (t && t->tid != tid)
		t = t->next;
	return t;
}

void __rt_thread_wake(struct rt_thread *thread)
{
	thread->woken = 1;
	if (thread != __rt_self)
		__rt_scheduler->make_runnable(thread);
}

void __rt_thread_interrupt(struct rt_thread *thread, unsigned due)
{
	thread->due |= due;
	if (thread == __rt_self)
		__rt_section |= RT_SECTION_DUE;
	else
		__rt_scheduler->make_runnable(thread);
}

void __rt_take_noted(void)
{
	const unsigned bit = 1U << BP_UPCALL_SIGNAL;

	if (__rt_upcalls_noted & bit) {
		__rt_upcalls_noted &= ~bit;
		__rt_host_signal((int)__rt_upcall_signal);
	}
}

/* The first signals decide what becomes of a system call that they ended. */
static long act(long result, struct rt_registers *registers)
{
	struct rt_thread *self = __rt_self;
	uint64_t cancel_point = self->cancel_point;
	int decided = 0;
	long r;

	/* A handler's calls are cancellation points or not of their own. */
	self->cancel_point = 0;
	do {
		__rt_section = 1;
		__rt_take_noted();
		if (__rt_scheduler)
			__rt_scheduler->yield();
		if (self->due & RT_DUE_SIGNAL) {
			r = __rt_deliver_signals(result, registers);
			if (!decided || r == -RT_CHANGED)
				result = r;
		}
		decided = 1;
		__rt_section--;
		if (self->due & RT_DUE_CANCEL) {
			self->due &= ~RT_DUE_CANCEL;
			__rt_cancel->act_at_once();
		}
	} while (__rt_section < 0 || self->due);
	/* Behind a change, nobody ends the call who would clear it. */
	self->cancel_point = result == -RT_CHANGED ? 0 : cancel_point;
	return result;
}

long __rt_leave(long result, struct rt_registers *registers)
{
	return __rt_section & INT_MAX ? result : act(result, registers);
}

long __rt_leave_call(long result, struct rt_registers *registers)
{
	if ((__rt_section & INT_MAX) == 1)
		return act(result, registers);
	__rt_section--;
	return result;
}

/* 0 becomes what a cancelled call fails with, if it is. */
long __rt_cancel_here(long result)
{
	return __rt_cancel && __rt_cancel->is_due() ? __rt_cancel->act()
						    : result;
}

long __rt_sys_gettid(void)
{
	return __rt_self->tid;
}

long __rt_sys_set_tid_address(int *address)
{
	__rt_self->clear_tid = address;
	return __rt_self->tid;
}

long __rt_sys_sched_yield(void)
{
	if (__rt_scheduler)
		__rt_scheduler->yield();
	return 0;
}
