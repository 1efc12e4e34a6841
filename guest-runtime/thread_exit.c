/* SPDX-License-Identifier: ISC */
/* The end of a thread: what it held, who waits for it, its stack. */
#include <errno.h>
#include <stddef.h>

#include "futex.h"
#include "rt_syscall.h"
#include "scheduler.h"
#include "thread.h"
#include "vnode.h"

/* set_robust_list(2), get_robust_list(2), and the kernel's robust-futexes. */
struct rt_robust_list {
	struct rt_robust_list *next; /* of the last one: the head */
};

struct robust_head {
	struct rt_robust_list list;
	long offset; /* from an entry to its futex */
	struct rt_robust_list *pending;
};

#define ROBUST_LIMIT 2048 /* entries: the list may be a circle */

_Noreturn void __rt_thread_exit(int status);
_Noreturn void __unmapself(void *start, size_t bytes);

/* Tells whoever takes the lock next that its owner has died. */
static void release(struct rt_robust_list *entry, long offset)
{
	int *futex = (int *)((char *)entry + offset);
	uint32_t word = (uint32_t)*futex;

	if ((word & FUTEX_TID) != (uint32_t)__rt_self->tid)
		return;
	*futex = (int)((word & FUTEX_WAITERS) | FUTEX_OWNER_DIED);
	if (word & FUTEX_WAITERS)
		__rt_futex_wake(futex, 1, UINT32_MAX);
}

static void release_robust(void)
{
	struct robust_head *head = (struct robust_head *)__rt_self->robust_list;
	struct rt_robust_list *entry;

	if (!head)
		return;
	entry = head->list.next;
	for (int i = 0; entry && entry != &head->list && i < ROBUST_LIMIT;
	     i++) {
		struct rt_robust_list *next = entry->next;

		if (entry != head->pending)
			release(entry, head->offset);
		entry = next;
	}
	if (head->pending)
		release(head->pending, head->offset);
}

void __rt_thread_end(void)
{
	struct rt_thread *self = __rt_self, **at = &__rt_all_threads;

	release_robust();
	__rt_futex_pi_exit();
	if (self->clear_tid) {
		*self->clear_tid = 0;
		__rt_futex_wake(self->clear_tid, 1, UINT32_MAX);
	}
	if (__rt_all_threads == self && !self->next)
		return;
	while (*at != self)
		at = &(*at)->next;
	*at = self->next;
	self->state = RT_DEAD;
	__rt_sched_leave();
}

void __rt_thread_free(struct rt_thread *thread)
{
	if (thread->unmap)
		__rt_sys_munmap(thread->unmap, thread->unmap_bytes);
	__rt_free(thread->saved);
	if (thread != &__rt_first_thread)
		__rt_free(thread);
}

/* Where a thread's function returns to. */
void __rt_thread_exit(int status)
{
	for (;;) {
		__rt_section_enter();
		__rt_sys_exit(status);
	}
}

/*
 * In place of musl's, which unmaps the stack and then exits: here the stack is
 * in use until the next thread runs.
 */
void __unmapself(void *start, size_t bytes)
{
	__rt_self->unmap = (uintptr_t)start;
	__rt_self->unmap_bytes = bytes;
	__rt_thread_exit(0);
}

long __rt_sys_set_robust_list(void *head, size_t bytes)
{
	if (bytes != sizeof(struct robust_head))
		return -EINVAL;
	__rt_self->robust_list = head;
	return 0;
}

long __rt_sys_get_robust_list(int tid, void **head, size_t *bytes)
{
	const struct rt_thread *t = tid ? __rt_thread_find(tid) : __rt_self;

	if (!t)
		return -ESRCH;
	*head = t->robust_list;
	*bytes = sizeof(struct robust_head);
	return 0;
}
