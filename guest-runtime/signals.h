/* SPDX-License-Identifier: ISC */
/*
 * Signals: to the program by itself, by its faults, its timers and the host.
 *
 * THEORY OF OPERATION
 * signal_send.c keeps what is pending and says who has to do with it, by
 * RT_DUE_SIGNAL. A thread acts on that in two places: behind a system call,
 * where a handler is called as a function (signal_deliver.c), and where its
 * code was interrupted or trapped, where the handler is put between, with all
 * registers in a context on the stack (signal_frame.c).
 */
#ifndef RT_SIGNAL_H
#define RT_SIGNAL_H

#include <signal.h>
#include <stdint.h>

#include "wait.h"

struct bp_upcall_frame;
struct rt_registers;
struct rt_thread;

#define RT_SIGNALS 65

/* What Linux's rt_sigaction(2) takes on x86-64. */
struct rt_sigaction {
	union {
		void (*handler)(int);
		void (*with_info)(int, siginfo_t *, void *);
	};
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

extern struct rt_sigaction __rt_signal_actions[RT_SIGNALS];

static inline uint64_t __rt_signal_bit(int signal)
{
	return 1ULL << (signal - 1);
}

/* What no thread can block. */
#define RT_NEVER_BLOCKED (__rt_signal_bit(SIGKILL) | __rt_signal_bit(SIGSTOP))

/* Whether nothing happens when it is delivered. */
int __rt_signal_is_ignored(int signal);

/*
 * Makes a signal pending for the thread, or for the process when it is NULL.
 * 0, 1 when it was pending already and is not queued, -EAGAIN: no room.
 */
long __rt_signal_send(struct rt_thread *thread, const siginfo_t *info);

/*
 * Takes one of @set that is pending for the calling thread or the process: its
 * number, or 0.
 */
int __rt_signal_take(uint64_t set, siginfo_t *info);

/* What is pending for the calling thread and for the process. */
uint64_t __rt_signal_pending(void);

/* To be called when the calling thread may block less than before. */
void __rt_signal_unblocked(void);

/* Woken whenever a signal becomes pending. */
extern struct rt_waitq __rt_signal_waitq;

/*
 * For calls with a mask of their own: blocks @mask until the call is over, and
 * until a handler that runs because of it has begun.
 */
void __rt_signal_mask_begin(uint64_t mask, uint64_t *before);
void __rt_signal_mask_end(uint64_t before);

/*
 * The action of a signal that is about to be delivered to the calling thread,
 * and what is blocked behind it; the thread blocks what it should. 0 when
 * there is nothing to call, else its number.
 */
int __rt_signal_begin(siginfo_t *info, struct rt_sigaction *action,
		      uint64_t *before);

/* Where a handler's stack ends that begins at @sp now. */
uintptr_t __rt_signal_stack(const struct rt_sigaction *action, uintptr_t sp);

/* Fills what of a context is the same for all. */
void __rt_signal_context(ucontext_t *context, uint64_t before);

/* Between a context's registers and ours. */
void __rt_signal_put_registers(gregset_t to, const struct rt_registers *from);
void __rt_signal_take_registers(struct rt_registers *to, const gregset_t from);

/* Deliver: see thread.h and interrupt.h. */
long __rt_signal_deliver(long result, struct rt_registers *registers);
void __rt_signal_deliver_preempted(struct rt_thread *thread);
void __rt_signal_upcall(const struct bp_upcall_frame *frame);

/* NULL, or: a timer's signal is taken, and tells how often it fired since. */
extern void (*__rt_timer_signal_taken)(siginfo_t *info);

/* A timer was armed: it is to fire while the program computes, too. */
void __rt_signal_timer_armed(void);

#endif
