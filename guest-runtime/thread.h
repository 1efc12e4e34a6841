/* SPDX-License-Identifier: ISC */
/*
 * Threads, as the rest of the runtime sees them. An image that makes none has
 * the first one, and nothing of the scheduler.
 */
#ifndef RT_THREAD_H
#define RT_THREAD_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "timer.h"

enum rt_thread_state {
	RT_RUNNING,
	RT_IDLE, /* blocked, and nobody was runnable: it waits for all */
	RT_RUNNABLE,
	RT_BLOCKED,
	RT_DEAD,
};

/* Why a thread has something to do when it leaves its system call. */
#define RT_DUE_SIGNAL 1U /* one that it does not block is pending */
#define RT_DUE_CANCEL 2U /* pthread_cancel() wants it at once */

struct rt_registers;
struct rt_robust_list;
struct rt_saved;

struct rt_thread {
	/* These two first, as in enter_x86_64.S and upcall_x86_64.S. */
	uint64_t cancel_point;	/* the current system call is one */
	struct rt_saved *saved; /* interrupt.h */

	int tid;
	enum rt_thread_state state;
	unsigned due;	  /* RT_DUE_*: set for it by __rt_thread_interrupt() */
	int woken;	  /* __rt_block() is to return */
	int section;	  /* how deep, while it is switched away */
	int is_preempted; /* by a tick, and not blocked: registers in ->saved */
	uintptr_t stack_pointer; /* while it is switched away */
	uintptr_t tls;		 /* FS base */
	uint64_t ran_ticks;	 /* before it was switched away */

	struct rt_thread *next;		 /* of all threads */
	struct rt_thread *next_runnable; /* behind it in the queue */
	struct rt_timer timeout;	 /* of what it is blocked in */

	/* Signals, bit 0 for signal 1. See RT_DUE_SIGNAL. */
	uint64_t signals_blocked;
	uint64_t signals_pending;
	uint64_t signals_before; /* to block again, if borrowed: signals.h */
	int signals_borrowed;
	int keeps_eintr; /* see __rt_interrupted() */
	uintptr_t altstack;
	size_t altstack_bytes; /* 0: none */

	int *clear_tid; /* CLONE_CHILD_CLEARTID, set_tid_address(2) */
	struct rt_robust_list *robust_list;
	uintptr_t unmap; /* its stack, when it is dead and nobody joins it */
	size_t unmap_bytes;
	char name[16]; /* PR_SET_NAME */
};

/* The one that runs; the first one; all of them, the newest first. */
extern struct rt_thread *__rt_self;
extern struct rt_thread __rt_first_thread;
extern struct rt_thread *__rt_all_threads;

/* The first of those that wait for the CPU. */
extern struct rt_thread *__rt_runnable;

/* The one with this id, or NULL. */
struct rt_thread *__rt_thread_find(int tid);

/* Ends a __rt_block() of it, or the next one, with 0. */
void __rt_thread_wake(struct rt_thread *thread);

/*
 * Sets RT_DUE_* bits of it. If it is blocked, __rt_block() returns -EINTR for
 * RT_DUE_SIGNAL; if it runs, it comes by __rt_leave() soon. Whoever acts on a
 * bit clears it.
 */
void __rt_thread_interrupt(struct rt_thread *thread, unsigned due);

/*
 * Sections: as long as the counter is not 0 the thread is not switched but
 * when it blocks, and no signal handler runs. Each system call is one, by
 * enter_x86_64.S. They nest, and the counter is one of each thread.
 *
 * One vCPU: a tick may come between any two instructions, but finds the
 * counter as the thread left it, so no atomics. The sign bit says that
 * something is to be done when the outermost section is left.
 */
extern int __rt_section;

#define RT_SECTION_DUE INT_MIN

/*
 * Does what is due. @result: of the system call that ended. @registers: the
 * program's behind it; NULL: none of it, but a call of a function.
 */
long __rt_leave(long result, struct rt_registers *registers);

/*
 * The same at the end of a system call, while it still is a section, and leaves
 * that. Else a tick might come in between and run the handler of a signal that
 * ended the call, and nobody would make the call anew.
 */
long __rt_leave_call(long result, struct rt_registers *registers);

static inline void __rt_section_enter(void)
{
	__rt_section++;
	__asm__ volatile("" : : : "memory");
}

static inline void __rt_section_leave(void)
{
	__asm__ volatile("" : : : "memory");
	if (--__rt_section < 0)
		__rt_leave(0, NULL);
}

/* A system call that gives this is made anew by enter_x86_64.S. */
#define RT_RESTART 512

/* One that gives this goes on with the registers as a handler left them. */
#define RT_CHANGED 513

/*
 * -EINTR for a system call that is never made anew: those that wait for a time
 * or for a signal. Others give -EINTR as __rt_block() does.
 */
static inline long __rt_interrupted(void)
{
	__rt_self->keeps_eintr = 1;
	return -4; /* EINTR */
}

/*
 * Set by whoever delivers signals: called when the thread leaves its outermost
 * section with RT_DUE_SIGNAL, within a section of its own, with the result of
 * the system call. Runs handlers, and tells what the result is then.
 */
extern long (*__rt_deliver_signals)(long result,
				    struct rt_registers *registers);

/*
 * The same for a thread that was interrupted and is about to go on: changes its
 * ->saved so that the handler is what it goes on with. Set with the other one.
 */
extern void (*__rt_deliver_preempted)(struct rt_thread *thread);

/*
 * The tender was sent a signal: makes it pending, and has it delivered. Called
 * within a section. Set before upcalls of signals are turned on.
 */
extern void (*__rt_host_signal)(int signal);

/* Calls that if a signal came within a section. */
void __rt_take_noted(void);

/* What there is once there are several threads; NULL before. */
struct rt_scheduler {
	/* Runs somebody else, until @deadline_ns at least. 0: nobody is there.
	 */
	int (*run_others)(uint64_t deadline_ns);
	/* It is to run, if it is blocked. */
	void (*make_runnable)(struct rt_thread *thread);
	void (*yield)(void);
	/* Ends the calling thread, if it is not the last one. */
	void (*exit)(void);
	/* A timer was armed: it is to fire while somebody computes, too. */
	void (*want_ticks)(void);
	/* The calling thread goes on behind __rt_block(). */
	void (*goes_on)(void);
};

extern const struct rt_scheduler *__rt_scheduler;

/*
 * __rt_sys_futex, in images that may need it. To be set before a handler of a
 * signal is run, too, as that may wake the thread that it interrupts.
 */
extern long (*__rt_futex)(int *address, int op, int value, const void *timeout,
			  int *address2, int value3);

/* musl/pthread_cancel.c; NULL until somebody calls pthread_cancel(). */
struct rt_cancel {
	/* Whether the calling thread is to end at a cancellation point. */
	int (*is_due)(void);
	/* Ends it, or gives the error that the call is to fail with. */
	long (*act)(void);
	/* Ends it if it is to end at once. */
	void (*act_at_once)(void);
	/* The same question for any thread, by its FS base. */
	int (*is_due_at_once)(uintptr_t tls);
};

extern const struct rt_cancel *__rt_cancel;

#endif
