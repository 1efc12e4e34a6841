/* SPDX-License-Identifier: ISC */
/*
 * Futexes that say who owns them: FUTEX_LOCK_PI and its kin. With no
 * priorities there is nothing to inherit; what remains is that an unlock hands
 * the lock over to whoever came first, and that a dead owner does so too.
 */
#include <errno.h>
#include <stdbool.h>
#include <time.h>

#include "futex.h"
#include "runtime.h"
#include "thread.h"
#include "wait.h"

struct waiter {
	struct waiter *next;
	int *address;
	const struct rt_thread *owner;
	struct rt_thread *thread;
	bool has_it;
};

/* All of them, in the order they came: such locks are rare. */
static struct waiter *first;

static void join(struct waiter *w)
{
	struct waiter **at = &first;

	while (*at)
		at = &(*at)->next;
	*at = w;
}

static void leave(struct waiter *w)
{
	struct waiter **at = &first;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
}

static struct waiter *waiter_of(const int *address)
{
	struct waiter *w = first;

	while (w && w->address != address)
		w = w->next;
	return w;
}

/* Gives the lock to @w. @flags: FUTEX_OWNER_DIED, or 0. */
static void hand_over(struct waiter *w, uint32_t flags)
{
	leave(w);
	if (waiter_of(w->address))
		flags |= FUTEX_WAITERS;
	*w->address = (int)((uint32_t)w->thread->tid | flags);
	for (struct waiter *other = first; other; other = other->next)
		if (other->address == w->address)
			other->owner = w->thread;
	w->has_it = true;
	__rt_thread_wake(w->thread);
}

void __rt_futex_pi_exit(void)
{
	struct waiter *w = first;

	while (w) {
		if (w->owner != __rt_self) {
			w = w->next;
			continue;
		}
		hand_over(w, FUTEX_OWNER_DIED);
		w = first;
	}
}

static long wait(int *address, const struct rt_thread *owner,
		 const struct timespec *timeout)
{
	struct waiter w = {
		.address = address, .owner = owner, .thread = __rt_self};
	uint64_t deadline_ns = RT_NEVER;
	long err = 0;

	if (timeout)
		err = __rt_clock_deadline(CLOCK_REALTIME, 1, timeout,
					  &deadline_ns);
	if (err)
		return err;
	*address = (int)((uint32_t)*address | FUTEX_WAITERS);
	join(&w);
	while (!w.has_it && !err)
		err = __rt_block(deadline_ns);
	if (w.has_it)
		return 0;
	leave(&w);
	return err;
}

long __rt_futex_lock_pi(int *address, const struct timespec *timeout,
			int only_try)
{
	uint32_t word = (uint32_t) * (volatile int *)address;
	const struct rt_thread *owner;
	int tid = (int)(word & FUTEX_TID);

	if (!tid) {
		*address = (int)((uint32_t)__rt_self->tid |
				 (word & FUTEX_OWNER_DIED) |
				 (waiter_of(address) ? FUTEX_WAITERS : 0));
		return 0;
	}
	if (tid == __rt_self->tid)
		return -EDEADLK;
	owner = __rt_thread_find(tid);
	if (!owner)
		return -ESRCH;
	return only_try ? -EAGAIN : wait(address, owner, timeout);
}

long __rt_futex_unlock_pi(int *address)
{
	struct waiter *w = waiter_of(address);

	if ((*(volatile int *)address & (int)FUTEX_TID) != __rt_self->tid)
		return -EPERM;
	if (w)
		hand_over(w, 0);
	else
		*address = 0;
	return 0;
}
