/* SPDX-License-Identifier: ISC */
/*
 * Timers: a pairing heap, so that arming needs no memory and takes constant
 * time. Each subtree's root is due before all below it; ->child is the first
 * of the subtrees, ->next the following one on the same level.
 */
#include "timer.h"

#include <stddef.h>

#include "runtime.h"
#include "wait.h"

static struct rt_timer *root;

static void put(struct rt_timer *timer, struct rt_timer **where)
{
	*where = timer;
	if (timer)
		timer->link = where;
}

/* Two heaps, neither empty, become one. */
static struct rt_timer *meld(struct rt_timer *a, struct rt_timer *b)
{
	if (b->at_ns < a->at_ns) {
		struct rt_timer *first = b;

		b = a;
		a = first;
	}
	put(a->child, &b->next);
	put(b, &a->child);
	a->next = NULL;
	return a;
}

/* Makes one heap of a list of them: by pairs, then all of the pairs. */
static struct rt_timer *meld_all(struct rt_timer *list)
{
	struct rt_timer *pairs = NULL, *all, *a, *b;

	while (list) {
		a = list;
		b = a->next;
		list = b ? b->next : NULL;
		if (b)
			a = meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	all = pairs;
	if (!all)
		return NULL;
	for (pairs = all->next, all->next = NULL; pairs; pairs = b) {
		b = pairs->next;
		all = meld(all, pairs);
	}
	return all;
}

static uint64_t before_wait(uint64_t deadline_ns)
{
	uint64_t next = __rt_timers_run();

	return next < deadline_ns ? next : deadline_ns;
}

static void become_poller(void)
{
	static struct rt_poller poller;

	if (poller.before_wait)
		return;
	poller.before_wait = before_wait;
	__rt_poller_add(&poller);
}

void __rt_timer_arm(struct rt_timer *timer, uint64_t at_ns)
{
	become_poller();
	__rt_timer_cancel(timer);
	timer->at_ns = at_ns;
	timer->child = timer->next = NULL;
	put(root ? meld(root, timer) : timer, &root);
}

void __rt_timer_cancel(struct rt_timer *timer)
{
	struct rt_timer *below;

	if (!timer->link)
		return;
	put(timer->next, timer->link);
	timer->link = NULL;
	below = meld_all(timer->child);
	if (below)
		put(root ? meld(root, below) : below, &root);
}

uint64_t __rt_timer_next(void)
{
	return root ? root->at_ns : RT_NEVER;
}

uint64_t __rt_timers_run(void)
{
	uint64_t now;

	if (!root)
		return RT_NEVER;
	now = __rt_monotonic_ns();
	while (root && root->at_ns <= now) {
		struct rt_timer *timer = root;

		__rt_timer_cancel(timer);
		timer->fired(timer);
	}
	return __rt_timer_next();
}
