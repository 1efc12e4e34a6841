/* SPDX-License-Identifier: ISC */
/*
 * Entry point (SPEC.md, "Entry state"): RDI is the address of boot info, RSP
 * the end of the stack. Also carries the note that says which ABI this image
 * was built for.
 */
#include "abi_version.h"

	.section .text._start, "ax", @progbits
	.globl	_start
	.type	_start, @function
_start:
	xorl	%ebp, %ebp		/* the end of every backtrace */
	andq	$-16, %rsp
	call	__rt_start
	ud2				/* __rt_start does not return */
	.size	_start, . - _start

	.section .note.hvt.abi, "a", @note
	.balign	4
	.long	4			/* size of the name */
	.long	8			/* size of struct bp_note_abi */
	.long	1			/* BP_NOTE_ABI */
	.asciz	"HVT"
	.short	BP_ABI_MAJOR
	.short	BP_ABI_MINOR
	.long	0

	.section .note.GNU-stack, "", @progbits
