/* SPDX-License-Identifier: ISC */
/* What the parts of the runtime share. */
#ifndef RT_RUNTIME_H
#define RT_RUNTIME_H

#include <stdint.h>

#include "boot_info.h"

/* What the tender said; read-only, set before anything else runs. */
extern const struct bp_boot_info *__rt_boot;

/* Where the heap begins that brk() and mmap() share. */
extern uintptr_t __rt_heap_start;

/* The errno that stands for a status of the tender; 0 for BP_OK. */
int __rt_errno_of(int64_t status);

/* The moment that monotonic time counts from. */
void __rt_clock_init(void);

/* Nanoseconds since then, from the time stamp counter; never goes back. */
uint64_t __rt_monotonic_ns(void);

struct timespec;

/*
 * The monotonic moment at which @clock shows *t, or (not @absolute) *t from
 * now. RT_NEVER when it is out of reach. 0 or -EINVAL.
 */
int __rt_clock_deadline(int clock, int absolute, const struct timespec *t,
			uint64_t *deadline_ns);

/* Of that, what the guest has slept, and what it has not. */
extern uint64_t __rt_idle_ns;
uint64_t __rt_cpu_ns(void);

/* The time stamp counter. */
static inline uint64_t __rt_ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

/* When the thread that runs began to, had the guest not slept since. */
extern uint64_t __rt_running_since;

struct rt_thread;

/* What @thread has had of the CPU. */
uint64_t __rt_thread_cpu_ns(const struct rt_thread *thread);

/* NULL, or called when the program ends of itself, by exit() or a signal. */
extern void (*__rt_at_exit)(void);

/* Sends SIGPIPE, once the program handles or ignores it; NULL: it is fatal. */
extern void (*__rt_send_sigpipe)(void);

/* Says "hvt: " and the strings, up to a NULL, on the console's error stream. */
void __rt_complain(const char *first, ...) __attribute__((sentinel));

#endif
