/* SPDX-License-Identifier: ISC */
/* Moments at which something is to be done. */
#ifndef RT_TIMER_H
#define RT_TIMER_H

#include <stdint.h>

/*
 * All zero is a timer that is not armed. Its owner keeps it in place while it
 * is armed.
 */
struct rt_timer {
	uint64_t at_ns; /* monotonic */
	/* Called once, no longer armed; may arm anything, must not block. */
	void (*fired)(struct rt_timer *timer);
	/* timer.c's own: */
	struct rt_timer *child, *next;
	struct rt_timer **link; /* what points to it; NULL: not armed */
};

/* Arms @timer, which may be armed already, for that moment. */
void __rt_timer_arm(struct rt_timer *timer, uint64_t at_ns);

/* Nothing happens when it is not armed. */
void __rt_timer_cancel(struct rt_timer *timer);

static inline int __rt_timer_is_armed(const struct rt_timer *timer)
{
	return timer->link != 0;
}

/* When the next one is due; RT_NEVER: none. */
uint64_t __rt_timer_next(void);

/* Calls all that are due, and tells when the next one is; RT_NEVER: none. */
uint64_t __rt_timers_run(void);

/*
 * Once __rt_tick_soon() was called, and until it returns 0: called every ten
 * milliseconds or so while the program computes. It must not block.
 */
extern int (*__rt_tick_also)(void);
void __rt_tick_soon(void);

#endif
