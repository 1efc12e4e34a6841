/* SPDX-License-Identifier: ISC */
/* What of signals cannot be said in C: see signal_frame.c. */
	.text

/*
 * A handler returns to here, with its frame above RSP, from where the return
 * address was taken.
 */
	.globl	__rt_signal_return
	.type	__rt_signal_return, @function
__rt_signal_return:
	incl	__rt_section(%rip)
	leaq	-8(%rsp), %rdi
	andq	$-16, %rsp
	cld
	call	__rt_signal_returned
	ud2
	.size	__rt_signal_return, . - __rt_signal_return

/*
 * void __rt_signal_call(handler, int signal, siginfo_t *info, void *context,
 *			 uintptr_t stack)
 *
 * Calls the handler on the stack that ends there, or on this one if it is 0.
 */
	.globl	__rt_signal_call
	.type	__rt_signal_call, @function
__rt_signal_call:
	pushq	%rbp
	movq	%rsp, %rbp
	testq	%r8, %r8
	jz	1f
	movq	%r8, %rsp
	andq	$-16, %rsp
1:	movq	%rdi, %rax
	movl	%esi, %edi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	call	*%rax
	leave
	ret
	.size	__rt_signal_call, . - __rt_signal_call

	.section .note.GNU-stack, "", @progbits
