/* SPDX-License-Identifier: ISC */
/*
 * What of signals cannot be said in C: see signal_frame.c. For unwinders, the
 * caller of a handler between two instructions is what it interrupted.
 */
	.text

/* DWARF: DW_CFA_def_cfa_expression, DW_CFA_expression. */
#define IS_AT		0x10
#define CFA_IS		0x0f
#define DEREFERENCE	0x06
#define AT_RSP		0x77

/* Offsets in ucontext_t, in SLEB128, two bytes each. */
#define UC(n)		(((n) & 0x7f) | 0x80), ((n) >> 7)
#define UC_R12		72
#define UC_R13		80
#define UC_R14		88
#define UC_R15		96
#define UC_RBP		120
#define UC_RBX		128
#define UC_RSP		160
#define UC_RIP		168

/* DWARF's number of a register, where it is, with the context at RSP. */
	.macro	in_context number, offset
	.cfi_escape IS_AT, \number, 3, AT_RSP, UC(\offset)
	.endm

/*
 * A handler returns to here, with its frame above RSP, from where the return
 * address was taken.
 */
	.cfi_startproc
	.cfi_signal_frame
	.cfi_escape CFA_IS, 4, AT_RSP, UC(UC_RSP), DEREFERENCE
	in_context 3, UC_RBX
	in_context 6, UC_RBP
	in_context 12, UC_R12
	in_context 13, UC_R13
	in_context 14, UC_R14
	in_context 15, UC_R15
	in_context 16, UC_RIP
	/* A return address is looked up by the byte before it. */
	nop
	.globl	__rt_signal_return
	.type	__rt_signal_return, @function
__rt_signal_return:
	incl	__rt_section(%rip)
	leaq	-8(%rsp), %rdi
	andq	$-16, %rsp
	cld
	call	__rt_signal_returned
	ud2
	.cfi_endproc
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
