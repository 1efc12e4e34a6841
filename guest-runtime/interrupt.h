/* SPDX-License-Identifier: ISC */
/*
 * Code of the program that is interrupted from outside: SPEC.md, "Upcalls".
 *
 * THEORY OF OPERATION
 * upcall_x86_64.S takes each upcall, on a stack of its own. Within a section
 * (thread.h) it notes the kind in __rt_upcalls_noted, marks the section, and
 * goes on with what was interrupted. Else all registers are put into the
 * thread's ->saved, and __rt_upcall() runs, in a section and on the upcall's
 * stack: it must not block, and ends by resuming a thread. A thread can
 * therefore be changed by changing its ->saved: that is how it gets to run a
 * handler of a signal, or to end.
 *
 * A trap within a section is the runtime's: it goes on with "busy" set, so that
 * the same trap comes again and makes the tender report it.
 */
#ifndef RT_INTERRUPT_H
#define RT_INTERRUPT_H

#include <stdint.h>

#include "upcall.h"

struct rt_thread;

/* Where the tender puts them; "busy" puts upcalls off. */
extern struct bp_upcall_frame __rt_upcall_frame;

/* In the order of struct bp_upcall_frame. */
struct rt_registers {
	uint64_t rip, rsp, rflags;
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
};

/* upcall_x86_64.S knows this. */
struct rt_saved {
	struct rt_registers registers;
	void *vector; /* what XSAVE, or FXSAVE, wrote */
};

/*
 * Bytes at ->vector, and of which components XSAVE's mask says they are; 0:
 * they are FXSAVE's. Once upcalls are on.
 */
extern uint64_t __rt_vector_bytes;
extern uint64_t __rt_vector_mask;

/*
 * Turns upcalls of these kinds on, in addition to those that are. All threads
 * have a ->saved from then on. 0 or -ENOMEM.
 */
int __rt_upcalls_on(unsigned kinds);

/* For a new thread, once upcalls are on. NULL: no memory. */
struct rt_saved *__rt_saved_new(void);

/*
 * Of traps and signals, if they are on. May change ->saved of __rt_self, which
 * goes on behind it.
 */
extern void (*__rt_upcall_other)(const struct bp_upcall_frame *frame);

/* Of ticks: may run another thread, and not return. NULL: nothing is done. */
extern void (*__rt_upcall_tick)(void);

/* Does what is ->due for a thread that was interrupted and is to go on. */
void __rt_resume_prepare(struct rt_thread *thread);

/* Leaves the upcall's stack and goes on with the registers. */
_Noreturn void __rt_resume(const struct rt_saved *saved);
/* The same when upcalls are off: for good. */
_Noreturn void __rt_resume_last(const struct rt_saved *saved);

/* Bit n: an upcall of kind n came in a section. */
extern unsigned __rt_upcalls_noted;
/* The signal of the SIGNAL that was noted. */
extern unsigned __rt_upcall_signal;

#endif
