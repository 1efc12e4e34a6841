/* SPDX-License-Identifier: ISC */
/*
 * futex(2). One address space: private and shared words are the same, and
 * their key is the address. Those who wait for words of the same hash are in
 * one list, in the order they came.
 */
#include <errno.h>
#include <time.h>

#include "futex.h"
#include "rt_syscall.h"
#include "runtime.h"
#include "scheduler.h"
#include "thread.h"
#include "wait.h"

#define HASH_BITS 8

struct waiter {
	struct waiter *next;
	struct waiter *previous;
	struct list *list; /* NULL: it has been woken */
	int *address;
	uint32_t bits;
	struct rt_thread *thread;
};

struct list {
	struct waiter *first;
	struct waiter *last;
};

static struct list lists[1 << HASH_BITS];

static struct list *list_of(const int *address)
{
	uint64_t n = (uintptr_t)address / sizeof(int);

	/* Fibonacci hashing: the high bits of a product. */
	return &lists[n * 0x9e3779b97f4a7c15 >> (64 - HASH_BITS)];
}

static void join(struct waiter *w, int *address)
{
	struct list *list = list_of(address);

	w->address = address;
	w->list = list;
	w->next = NULL;
	w->previous = list->last;
	*(list->last ? &list->last->next : &list->first) = w;
	list->last = w;
}

static void leave(struct waiter *w)
{
	struct list *list = w->list;

	*(w->previous ? &w->previous->next : &list->first) = w->next;
	*(w->next ? &w->next->previous : &list->last) = w->previous;
	w->list = NULL;
}

/* Whether nobody is there, or can come, who would wake the only thread. */
static int is_deadlock(uint64_t deadline_ns)
{
	return deadline_ns == RT_NEVER && !__rt_scheduler &&
	       !__rt_deliver_signals && !__rt_host_signal && !__rt_may_wake();
}

static long wait(int *address, int value, uint32_t bits, uint64_t deadline_ns)
{
	struct waiter w = {.bits = bits, .thread = __rt_self};
	long err = 0;

	if (!bits)
		return -EINVAL;
	if (*(volatile int *)address != value)
		return -EAGAIN;
	if (is_deadlock(deadline_ns))
		__rt_futex_deadlock();
	join(&w, address);
	while (w.list && !err)
		err = __rt_block(deadline_ns);
	if (!w.list)
		return 0;
	leave(&w);
	return err == -EINTR && deadline_ns != RT_NEVER ? __rt_interrupted()
							: err;
}

long __rt_futex_wake(int *address, unsigned most, uint32_t bits)
{
	struct waiter *w = list_of(address)->first, *next;
	unsigned count = 0;

	for (; w && count < most; w = next) {
		next = w->next;
		if (w->address != address || !(w->bits & bits))
			continue;
		leave(w);
		__rt_thread_wake(w->thread);
		count++;
	}
	return count;
}

/* Wakes some, and has others wait for another word; how many of both. */
static long requeue(int *from, int *to, unsigned wake, unsigned most)
{
	long woken = __rt_futex_wake(from, wake, UINT32_MAX);
	unsigned moved = 0;
	struct waiter *w = list_of(from)->first, *next;

	if (from == to)
		return woken;
	for (; w && moved < most; w = next) {
		next = w->next;
		if (w->address != from)
			continue;
		leave(w);
		join(w, to);
		moved++;
	}
	return woken + moved;
}

/* When a wait is over: FUTEX_WAIT takes a span, FUTEX_WAIT_BITSET a moment. */
static long deadline(int op, const struct timespec *timeout, uint64_t *ns)
{
	*ns = RT_NEVER;
	if (!timeout)
		return 0;
	return __rt_clock_deadline(
		op & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC,
		(op & FUTEX_COMMANDS) != FUTEX_WAIT, timeout, ns);
}

long __rt_sys_futex(int *address, int op, int value, const void *timeout,
		    int *address2, int value3)
{
	unsigned most2 = (unsigned)(uintptr_t)timeout;
	uint64_t deadline_ns;
	long err;

	__rt_futex = __rt_sys_futex;
	if ((uintptr_t)address % sizeof(int))
		return -EINVAL;
	switch (op & FUTEX_COMMANDS) {
	case FUTEX_WAIT:
		value3 = -1;
		/* fall through */
	case FUTEX_WAIT_BITSET:
		err = deadline(op, timeout, &deadline_ns);
		return err ? err
			   : wait(address, value, (uint32_t)value3,
				  deadline_ns);
	case FUTEX_WAKE:
		return __rt_futex_wake(address, (unsigned)value, UINT32_MAX);
	case FUTEX_WAKE_BITSET:
		return value3 ? __rt_futex_wake(address, (unsigned)value,
						(uint32_t)value3)
			      : -EINVAL;
	case FUTEX_CMP_REQUEUE:
		if (*(volatile int *)address != value3)
			return -EAGAIN;
		/* fall through */
	case FUTEX_REQUEUE:
		return value < 0 || (int)most2 < 0
			       ? -EINVAL
			       : requeue(address, address2, (unsigned)value,
					 most2);
	case FUTEX_LOCK_PI:
	case FUTEX_TRYLOCK_PI:
		return __rt_futex_lock_pi(address, timeout,
					  (op & FUTEX_COMMANDS) ==
						  FUTEX_TRYLOCK_PI);
	case FUTEX_UNLOCK_PI:
		return __rt_futex_unlock_pi(address);
	default:
		return -ENOSYS;
	}
}
