/* SPDX-License-Identifier: ISC */
/* New threads: takes the place of musl's clone(). */
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/syscall.h>

#include "debug_threads.h"
#include "interrupt.h"
#include "rt_syscall.h"
#include "scheduler.h"
#include "thread.h"
#include "vnode.h"

#define TID_LIMIT (1 << 22) /* as Linux: /proc/sys/kernel/pid_max */

int __clone(int (*function)(void *), void *stack, int flags, void *argument,
	    ...);
uintptr_t __rt_switch_prepare(uintptr_t stack, int (*function)(void *),
			      void *argument);

int __rt_thread_cancel(int tid);

extern const struct bp_debug_threads __rt_debug_threads;

/* Nobody here refers to it; image_x86_64.ld keeps it. */
__attribute__((used, section(".rodata.__rt_debug_threads")))
const struct bp_debug_threads __rt_debug_threads = {
	.version = BP_DEBUG_THREADS_VERSION,
	.id = offsetof(struct rt_thread, tid),
	.interrupted = offsetof(struct rt_thread, is_preempted),
	.saved = offsetof(struct rt_thread, saved),
	.stack_pointer = offsetof(struct rt_thread, stack_pointer),
	.tls = offsetof(struct rt_thread, tls),
	.next = offsetof(struct rt_thread, next),
	.name = offsetof(struct rt_thread, name),
	.first = (uintptr_t)&__rt_all_threads,
	.current = (uintptr_t)&__rt_self,
};

_Static_assert(offsetof(struct rt_saved, registers) == 0, "debug_threads.h");

static int new_tid(void)
{
	static int last = 1;

	do
		last = last + 1 < TID_LIMIT ? last + 1 : 2;
	while (__rt_thread_find(last));
	return last;
}

static int create(int (*function)(void *), void *stack, int flags,
		  void *argument, int *parent_tid, uintptr_t tls,
		  int *child_tid)
{
	struct rt_thread *t;

	if (!__rt_scheduler && __rt_sched_init())
		return -ENOMEM;
	t = __rt_calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->saved = __rt_saved_new();
	if (!t->saved) {
		__rt_free(t);
		return -ENOMEM;
	}
	t->tid = new_tid();
	t->state = RT_BLOCKED;
	t->tls = flags & CLONE_SETTLS ? tls : __rt_self->tls;
	t->signals_blocked = __rt_self->signals_blocked;
	if (flags & CLONE_CHILD_CLEARTID)
		t->clear_tid = child_tid;
	if (flags & CLONE_PARENT_SETTID)
		*parent_tid = t->tid;
	if (flags & CLONE_CHILD_SETTID)
		*child_tid = t->tid;
	t->stack_pointer =
		__rt_switch_prepare((uintptr_t)stack, function, argument);
	t->next = __rt_all_threads;
	__rt_all_threads = t;
	__rt_sched_add(t);
	return t->tid;
}

/* Only threads: what shares less than all with its parent is a process. */
int __clone(int (*function)(void *), void *stack, int flags, void *argument,
	    ...)
{
	const int needed = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
			   CLONE_THREAD;
	int *parent_tid, *child_tid;
	uintptr_t tls;
	va_list list;
	int tid;

	if ((flags & needed) != needed)
		return (int)__rt_sys_missing(SYS_clone);
	va_start(list, argument);
	parent_tid = va_arg(list, int *);
	tls = va_arg(list, uintptr_t);
	child_tid = va_arg(list, int *);
	va_end(list);
	__rt_section_enter();
	tid = create(function, stack, flags, argument, parent_tid, tls,
		     child_tid);
	__rt_section_leave();
	return tid;
}

/* For musl/pthread_cancel.c: the thread has been marked. 0 or -ESRCH. */
int __rt_thread_cancel(int tid)
{
	struct rt_thread *t;

	__rt_section_enter();
	t = __rt_thread_find(tid);
	if (t)
		__rt_thread_interrupt(t, RT_DUE_CANCEL);
	__rt_section_leave();
	return t ? 0 : -ESRCH;
}
