/* SPDX-License-Identifier: ISC */
/*
 * How libc calls the runtime: arguments as for any C function, and in R10 the
 * function that is the system call; see rt_syscall.h. The call is a section
 * (thread.h). What became due meanwhile is done behind it, and the call is
 * made anew when that asks for it. Where the tender asked for a trace, trace.c
 * records it.
 */
#define RESTART (-512)		/* -RT_RESTART */
#define EINTR	4

/* As __rt_enter got and keeps them. */
	.macro	LOAD_ARGUMENTS
	movq	-8(%rbp), %rdi
	movq	-16(%rbp), %rsi
	movq	-24(%rbp), %rdx
	movq	-32(%rbp), %rcx
	movq	-40(%rbp), %r8
	movq	-48(%rbp), %r9
	.endm

	.text

	.section .text.__rt_enter, "ax", @progbits
	.globl	__rt_enter
	.type	__rt_enter, @function
__rt_enter:
	pushq	%rbp
	movq	%rsp, %rbp
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%r8
	pushq	%r9
	pushq	%r10
	subq	$8, %rsp
.Lcall:
	incl	__rt_section(%rip)
	cmpq	$0, __rt_trace(%rip)
	jne	.Ltraced
	call	*%r10
.Lcalled:
	cmpl	$0, __rt_section(%rip)
	js	.Lsection
	decl	__rt_section(%rip)
	js	.Ldue
.Lreturn:
	leave
	ret
.Lsection:
	movq	%rax, %rdi
	call	__rt_leave_call
	jmp	.Lanew
.Ldue:
	movq	%rax, %rdi
	call	__rt_leave
.Lanew:
	cmpq	$RESTART, %rax
	jne	.Lreturn
	LOAD_ARGUMENTS
	movq	-56(%rbp), %r10
	jmp	.Lcall
.Ltraced:
	movq	%rbp, %rdi
	call	__rt_trace_call
	LOAD_ARGUMENTS
	call	*-56(%rbp)
	movq	%rbp, %rdi
	movq	%rax, %rsi
	call	__rt_trace_result
	jmp	.Lcalled
	.size	__rt_enter, . - __rt_enter

/* The same for cancellation points: musl/pthread_cancel.c. */
	.section .text.__rt_enter_cp, "ax", @progbits
	.globl	__rt_enter_cp
	.type	__rt_enter_cp, @function
__rt_enter_cp:
	pushq	%rbp
	movq	%rsp, %rbp
	cmpq	$0, __rt_cancel(%rip)
	jne	.Lcancel
.Lgo:
	movq	__rt_self(%rip), %rax
	movq	$1, (%rax)		/* ->cancel_point */
	call	__rt_enter
	movq	__rt_self(%rip), %rdx
	movq	$0, (%rdx)
	cmpq	$-EINTR, %rax
	je	.Linterrupted
	popq	%rbp
	ret
.Lcancel:
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%r8
	pushq	%r9
	pushq	%r10
	subq	$8, %rsp
	xorl	%edi, %edi
	call	__rt_cancel_here
	addq	$8, %rsp
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	testq	%rax, %rax
	jz	.Lgo
	popq	%rbp
	ret
.Linterrupted:
	popq	%rbp
	movq	%rax, %rdi
	jmp	__rt_cancel_here
	.size	__rt_enter_cp, . - __rt_enter_cp

	.section .note.GNU-stack, "", @progbits
