/* SPDX-License-Identifier: ISC */
/* The scheduler, for what makes and ends threads. */
#ifndef RT_SCHEDULER_H
#define RT_SCHEDULER_H

#include <stdint.h>

struct rt_thread;

/* A thread that is new, or was blocked, is to run. */
void __rt_sched_add(struct rt_thread *thread);

/* For the thread that is RT_DEAD. */
_Noreturn void __rt_sched_leave(void);

/* Once, when the second thread is made. 0 or -ENOMEM. */
int __rt_sched_init(void);

/* thread_exit.c: ends the calling thread unless it is the last one. */
void __rt_thread_end(void);

/* thread_exit.c: gives back what a dead thread had. */
void __rt_thread_free(struct rt_thread *thread);

/* futex_wait.c. Wakes at most so many that wait for a word; how many that were.
 */
long __rt_futex_wake(int *address, unsigned most, uint32_t bits);

#endif
