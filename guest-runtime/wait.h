/* SPDX-License-Identifier: ISC */
/*
 * Waiting: whoever cannot go on joins a queue and blocks; whoever changes what
 * that queue is about wakes it.
 */
#ifndef RT_WAIT_H
#define RT_WAIT_H

#include <stddef.h>
#include <stdint.h>

struct rt_waiter;

/* Those who wait for one thing, in the order they came. All zero: nobody. */
struct rt_waitq {
	struct rt_waiter *first;
	struct rt_waiter *last;
	unsigned events; /* during a wake: POLL* bits it is about; 0: any */
};

/*
 * One place in one queue, mostly on the stack of who blocks. ->woken NULL: the
 * thread that joined is to go on; else it is called instead, when the queue is
 * woken, and must neither block nor free anything that is in the queue.
 */
struct rt_waiter {
	struct rt_waiter *next;
	struct rt_waiter *previous;
	struct rt_waitq *queue; /* NULL: in none */
	void (*woken)(struct rt_waiter *waiter);
	struct rt_thread *thread; /* set by __rt_waitq_join() */
};

void __rt_waitq_join(struct rt_waitq *queue, struct rt_waiter *waiter);

/* Nothing happens when it is in no queue (any more). */
void __rt_waitq_leave(struct rt_waiter *waiter);

/*
 * Wakes the first @most of the queue, and says how many that were. Threads
 * leave the queue by that, waiters with a function stay in it.
 */
unsigned __rt_waitq_wake(struct rt_waitq *queue, unsigned most);

#define RT_WAKE_ALL UINT32_MAX

/* Wakes all of the queue because these POLL* bits may have come to hold. */
static inline void __rt_waitq_wake_for(struct rt_waitq *queue, unsigned events)
{
	queue->events = events;
	__rt_waitq_wake(queue, RT_WAKE_ALL);
	queue->events = 0;
}

/*
 * Blocks the calling thread until a queue that it has joined is woken: 0. Or
 * -ETIMEDOUT when @deadline_ns (monotonic, RT_NEVER: none) has passed, -EINTR
 * when a signal is to be handled. It may also be 0 for no reason that the
 * caller knows of, so callers look again.
 */
long __rt_block(uint64_t deadline_ns);

#define RT_NEVER UINT64_MAX

/*
 * Asks the pollers, and sleeps until a device is ready, @deadline_ns has
 * passed, or somebody can go on. 0: only asks. For the scheduler.
 */
void __rt_idle(uint64_t deadline_ns);

/*
 * NULL, or: to be called when the guest has slept. A tick that comes while
 * nobody runs is of no use, and would come again.
 */
extern void (*__rt_slept)(void);

/*
 * NULL, or: to be called before the guest sleeps until @deadline_ns, which it
 * may make earlier. The guest may then be woken for nothing.
 */
extern uint64_t (*__rt_before_sleep)(uint64_t deadline_ns);

/* Whether a device or a moment may wake somebody. */
int __rt_may_wake(void);

/* Joins @queue, blocks, leaves it. */
long __rt_wait_on(struct rt_waitq *queue, uint64_t deadline_ns);

/*
 * Somebody who has to be asked before the guest sleeps, or whom a device
 * concerns. Never removed.
 */
struct rt_poller {
	struct rt_poller *next;
	uint64_t devices; /* bits as in the hypercall wait */
	/* NULL, or: when it wants to be asked again, @deadline_ns at most. */
	uint64_t (*before_wait)(uint64_t deadline_ns);
	/* NULL, or: some of its devices are ready. Both may wake, not block. */
	void (*ready)(uint64_t devices);
	/*
	 * NULL, or: sleeps as the hypercall wait does, and then does what
	 * ->ready does. Called where its devices, which are one, are all that
	 * the guest waits for; __rt_waits_alone tells ->before_wait so.
	 */
	void (*wait)(uint64_t timeout_ns);
};

extern const struct rt_poller *__rt_waits_alone;

void __rt_poller_add(struct rt_poller *poller);

/* Whoever waits for the console's input. */
extern struct rt_waitq __rt_console_waitq;
/* There is some, or its end: as long as nobody has read, nobody has to ask. */
extern int __rt_console_ready;

#endif
