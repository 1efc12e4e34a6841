/* SPDX-License-Identifier: ISC */
/*
 * How libc calls the runtime: arguments as for any C function, and in R10 the
 * function that is the system call; see rt_syscall.h. The call is a section
 * (thread.h). What became due meanwhile is done behind it, and the call is
 * made anew when that asks for it. Where the tender asked for a trace, trace.c
 * records it.
 */
#define RESTART (-512)		/* -RT_RESTART */
#define CHANGED (-513)		/* -RT_CHANGED */
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

/* struct rt_registers */
#define RIP	0
#define RSP	8
#define RFLAGS	16
#define RAX	24
#define RBX	32
#define RCX	40
#define RDX	48
#define RSI	56
#define RDI	64
#define RBP	72
#define R8	80
#define R9	88
#define R10	96
#define R12	112
#define R13	120
#define R14	128
#define R15	136

#define SAVED_BYTES	64	/* the arguments, below RBP */

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
	leaq	__rt_leave_call(%rip), %r11
	jmp	.Lleave
.Ldue:
	leaq	__rt_leave(%rip), %r11
	/*
	 * The program's registers behind the call, for a handler to see and to
	 * change: those that are preserved are the program's again. Its frame
	 * is further up where __rt_enter_cp came between.
	 */
.Lleave:
	movq	%rbp, %rdx
	movq	__rt_self(%rip), %rcx
	cmpq	$0, (%rcx)		/* ->cancel_point */
	je	1f
	movq	(%rbp), %rdx
1:	pushq	%r15
	pushq	%r14
	pushq	%r13
	pushq	%r12
	pushq	$0			/* R11 */
	pushq	$0
	pushq	-48(%rbp)
	pushq	-40(%rbp)
	pushq	(%rdx)
	pushq	-8(%rbp)
	pushq	-16(%rbp)
	pushq	-24(%rbp)
	pushq	-32(%rbp)
	pushq	%rbx
	pushq	%rax
	pushfq
	leaq	16(%rdx), %rcx
	pushq	%rcx
	pushq	8(%rdx)
	movq	%rax, %rdi
	movq	%rsp, %rsi
	call	*%r11
	cmpq	$CHANGED, %rax
	je	.Lchanged
	leaq	-SAVED_BYTES(%rbp), %rsp
	cmpq	$RESTART, %rax
	jne	.Lreturn
	LOAD_ARGUMENTS
	movq	-56(%rbp), %r10
	jmp	.Lcall
.Ltraced:
	movq	%rbp, %rdi
	movl	$1, %esi		/* BP_TRACE_CALL */
	movq	%r10, %rdx
	call	__rt_trace_record
	LOAD_ARGUMENTS
	call	*-56(%rbp)
	movq	%rbp, %rdi
	movl	$2, %esi		/* BP_TRACE_RESULT */
	movq	%rax, %rdx
	call	__rt_trace_record
	jmp	.Lcalled


	/* R11 is no argument, and a call changes it on Linux too. */
.Lchanged:
	pushq	RFLAGS(%rsp)
	popfq
	movq	RAX(%rsp), %rax
	movq	RBX(%rsp), %rbx
	movq	RCX(%rsp), %rcx
	movq	RDX(%rsp), %rdx
	movq	RSI(%rsp), %rsi
	movq	RDI(%rsp), %rdi
	movq	RBP(%rsp), %rbp
	movq	R8(%rsp), %r8
	movq	R9(%rsp), %r9
	movq	R10(%rsp), %r10
	movq	R12(%rsp), %r12
	movq	R13(%rsp), %r13
	movq	R14(%rsp), %r14
	movq	R15(%rsp), %r15
	movq	RIP(%rsp), %r11
	movq	RSP(%rsp), %rsp
	jmp	*%r11
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
