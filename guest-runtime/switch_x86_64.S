/* SPDX-License-Identifier: ISC */
/* From one thread to another, where both are in the middle of a call. */
	.cfi_sections .debug_frame
	.text

/*
 * void __rt_switch(uintptr_t *stack_pointer, uintptr_t to)
 *
 * What a C function must preserve (psABI 3.2.1) goes onto the stack, and where
 * that is to *stack_pointer. Returns into the thread that left @to there.
 */
	.globl	__rt_switch
	.type	__rt_switch, @function
__rt_switch:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	subq	$8, %rsp
	stmxcsr	(%rsp)
	fnstcw	4(%rsp)
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	.globl	__rt_switch_load
__rt_switch_load:
	ldmxcsr	(%rsp)
	fldcw	4(%rsp)
	addq	$8, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
	.size	__rt_switch, . - __rt_switch

/*
 * uintptr_t __rt_switch_prepare(uintptr_t stack, int (*function)(void *),
 *				 void *argument)
 *
 * Lays out a stack so that the first switch to it calls the function, with the
 * caller's floating-point modes. Returns what __rt_switch() takes.
 */
	.globl	__rt_switch_prepare
	.type	__rt_switch_prepare, @function
__rt_switch_prepare:
	andq	$-16, %rdi
	leaq	-80(%rdi), %rax
	stmxcsr	(%rax)
	fnstcw	4(%rax)
	movq	$0, 8(%rax)		/* R15 */
	movq	$0, 16(%rax)
	movq	$0, 24(%rax)
	movq	%rdx, 32(%rax)		/* R12 */
	movq	%rsi, 40(%rax)		/* RBX */
	movq	$0, 48(%rax)		/* RBP: the end of every backtrace */
	leaq	thread_begin(%rip), %rcx
	movq	%rcx, 56(%rax)
	ret
	.size	__rt_switch_prepare, . - __rt_switch_prepare

/* No caller to unwind to; a name, for backtraces. */
	.type	thread_begin, @function
thread_begin:
	.cfi_startproc
	.cfi_undefined rip
	call	__rt_switched
	movq	%r12, %rdi
	call	*%rbx
	movl	%eax, %edi
	call	__rt_thread_exit
	ud2
	.cfi_endproc
	.size	thread_begin, . - thread_begin

	.section .note.GNU-stack, "", @progbits
