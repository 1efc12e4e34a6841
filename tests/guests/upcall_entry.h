/* SPDX-License-Identifier: ISC */
/*
 * An entry for upcalls. It goes on at once on the interrupted code's own stack,
 * below its red zone, as a signal would, and calls handle(), which may change
 * the registers of that code.
 */
#ifndef UPCALL_ENTRY_H
#define UPCALL_ENTRY_H

#include <stdint.h>

#include "hypercall_x86_64.h"
#include "upcall.h"

extern const char upcall_entry[];
void handle(struct bp_upcall_frame *frame);

/* To 184 bytes of frame come 8 of padding, and 512 of vector state. */
__asm__(".pushsection .text\n"
	"upcall_entry:\n"
	"	mov	48(%rdi), %rsp\n"
	"	sub	$128 + 192, %rsp\n"
	"	and	$-16, %rsp\n"
	"	mov	%rdi, %rbx\n"
	"	mov	%rdi, %rsi\n"
	"	mov	%rsp, %rdi\n"
	"	mov	$23, %ecx\n"
	"	rep movsq\n"
	"	mov	%rsp, %rbp\n"
	"	sub	$512, %rsp\n"
	"	fxsave	(%rsp)\n"
	"	movl	$0x1f80, -4(%rsp)\n"
	"	ldmxcsr	-4(%rsp)\n"
	"	movl	$0, (%rbx)\n"
	"	mov	%rbp, %rdi\n"
	"	call	handle\n"
	"	fxrstor	(%rsp)\n"
	"	mov	%ss, %eax\n"
	"	push	%rax\n"
	"	push	48(%rbp)\n"
	"	push	56(%rbp)\n"
	"	mov	%cs, %eax\n"
	"	push	%rax\n"
	"	push	40(%rbp)\n"
	"	mov	64(%rbp), %rax\n"
	"	mov	72(%rbp), %rbx\n"
	"	mov	80(%rbp), %rcx\n"
	"	mov	88(%rbp), %rdx\n"
	"	mov	96(%rbp), %rsi\n"
	"	mov	104(%rbp), %rdi\n"
	"	mov	120(%rbp), %r8\n"
	"	mov	128(%rbp), %r9\n"
	"	mov	136(%rbp), %r10\n"
	"	mov	144(%rbp), %r11\n"
	"	mov	152(%rbp), %r12\n"
	"	mov	160(%rbp), %r13\n"
	"	mov	168(%rbp), %r14\n"
	"	mov	176(%rbp), %r15\n"
	"	mov	112(%rbp), %rbp\n"
	"	iretq\n"
	".popsection\n");

static struct bp_upcall_frame frame;
static char stack[4096] __attribute__((aligned(16)));

static int64_t listen_to(uint64_t kinds)
{
	return hypercall5(BP_CALL_UPCALL, (uintptr_t)upcall_entry,
			  (uintptr_t)&frame, (uintptr_t)stack + sizeof(stack),
			  kinds, 0);
}

#endif
