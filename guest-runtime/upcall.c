/* SPDX-License-Identifier: ISC */
/* Upcalls: registered when first wanted, and passed on. See interrupt.h. */
#include <cpuid.h>
#include <errno.h>

#include "hypercall_x86_64.h"
#include "interrupt.h"
#include "thread.h"
#include "vnode.h"

/* Pollers run on it: packets are taken in, and disks' journals written. */
#define STACK_BYTES 65536

#define RED_ZONE 128

#define FXSAVE_BYTES	  512
#define XSAVE_LEAST_BYTES 576  /* that and a header: SDM 1, 13.4 */
#define VECTOR_ALIGN	  64UL /* what XSAVE wants */
#define CPUID_STATE	  0xd
#define XCR0_LEGACY	  3U	/* x87, SSE */
#define XCR0_USED	  0xe7U /* and AVX, AVX-512 */

struct bp_upcall_frame __rt_upcall_frame;
uint64_t __rt_vector_bytes;
uint64_t __rt_vector_mask;
void (*__rt_upcall_other)(const struct bp_upcall_frame *frame);
void (*__rt_upcall_tick)(void);

static _Alignas(16) char stack[STACK_BYTES];
static unsigned kinds_on;

void __rt_upcall_entry(void);
_Noreturn void __rt_upcall(const struct bp_upcall_frame *frame);

void __rt_upcall(const struct bp_upcall_frame *frame)
{
	if (frame->kind != BP_UPCALL_TICK)
		__rt_upcall_other(frame);
	else if (__rt_upcall_tick)
		__rt_upcall_tick();
	__rt_resume_prepare(__rt_self);
	__rt_resume(__rt_self->saved);
}

/* Has it end where it is, if that is wanted. */
static void cancel_at_once(struct rt_thread *thread)
{
	struct rt_registers *r = &thread->saved->registers;

	thread->due &= ~RT_DUE_CANCEL;
	if (!__rt_cancel->is_due_at_once(thread->tls))
		return;
	r->rip = (uintptr_t)__rt_cancel->act_at_once;
	/* As if it had been called, below the red zone. */
	r->rsp = ((r->rsp - RED_ZONE) & ~15UL) - 8;
}

void __rt_resume_prepare(struct rt_thread *thread)
{
	__rt_take_noted();
	if (thread->due & RT_DUE_SIGNAL)
		__rt_deliver_preempted(thread);
	if (thread->due & RT_DUE_CANCEL)
		cancel_at_once(thread);
}

/*
 * The components that CPUID and XCR0 both show, and that need no permission of
 * a kernel; each must say where it is. (The size that CPUID tells of all of
 * them is wrong on some hosts.)
 */
static void size_vector(void)
{
	unsigned a, b, c, d, enabled, high;

	__rt_vector_bytes = FXSAVE_BYTES;
	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) ||
	    !__get_cpuid_count(CPUID_STATE, 0, &a, &b, &c, &d))
		return;
	__asm__("xgetbv" : "=a"(enabled), "=d"(high) : "c"(0));
	enabled &= a & XCR0_USED;
	__rt_vector_mask = enabled & XCR0_LEGACY;
	__rt_vector_bytes = XSAVE_LEAST_BYTES;
	for (unsigned i = 2; i < 8; i++) {
		if (!(enabled & 1U << i) ||
		    !__get_cpuid_count(CPUID_STATE, i, &a, &b, &c, &d) || !b)
			continue;
		__rt_vector_mask |= 1U << i;
		if (__rt_vector_bytes < a + b)
			__rt_vector_bytes = a + b;
	}
}

struct rt_saved *__rt_saved_new(void)
{
	struct rt_saved *saved;
	uintptr_t vector;

	/* All zero, as XRSTOR asks of what XSAVE does not write. */
	saved = __rt_calloc(1,
			    sizeof(*saved) + VECTOR_ALIGN + __rt_vector_bytes);
	if (!saved)
		return NULL;
	vector = (uintptr_t)(saved + 1) + VECTOR_ALIGN - 1;
	saved->vector = (void *)(vector & ~(VECTOR_ALIGN - 1));
	return saved;
}

int __rt_upcalls_on(unsigned kinds)
{
	if (!__rt_vector_bytes)
		size_vector();
	for (struct rt_thread *t = __rt_all_threads; t; t = t->next) {
		if (!t->saved)
			t->saved = __rt_saved_new();
		if (!t->saved)
			return -ENOMEM;
	}
	kinds_on |= kinds;
	hypercall_upcall((uintptr_t)__rt_upcall_entry,
			 (uintptr_t)&__rt_upcall_frame,
			 (uintptr_t)stack + sizeof(stack), kinds_on);
	return 0;
}
