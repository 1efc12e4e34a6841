/* SPDX-License-Identifier: ISC */
/* What futex(2) takes; musl's headers do not say. */
#ifndef RT_FUTEX_H
#define RT_FUTEX_H

struct timespec;

enum {
	FUTEX_WAIT = 0,
	FUTEX_WAKE = 1,
	FUTEX_REQUEUE = 3,
	FUTEX_CMP_REQUEUE = 4,
	FUTEX_LOCK_PI = 6,
	FUTEX_UNLOCK_PI = 7,
	FUTEX_TRYLOCK_PI = 8,
	FUTEX_WAIT_BITSET = 9,
	FUTEX_WAKE_BITSET = 10,
	FUTEX_COMMANDS = 0x7f,
	FUTEX_PRIVATE = 0x80,
	FUTEX_CLOCK_REALTIME = 0x100,
};

#define FUTEX_WAITERS	 0x80000000U
#define FUTEX_OWNER_DIED 0x40000000U
#define FUTEX_TID	 0x3fffffffU

/* futex_pi.c */
long __rt_futex_lock_pi(int *address, const struct timespec *timeout,
			int only_try);
long __rt_futex_unlock_pi(int *address);
/* The calling thread ends: who waits for its locks gets them. */
void __rt_futex_pi_exit(void);

/* When the only thread waits for ever, and no handler of a signal can wake it.
 */
_Noreturn void __rt_futex_deadlock(void);

#endif
