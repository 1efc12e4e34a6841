/* SPDX-License-Identifier: ISC */
/*
 * int __rt_disk_copy(void *to, const void *from, uint64_t bytes)
 *
 * Copies from a mapped disk. Where the host cannot read it, a trap comes, and
 * upcall_x86_64.S goes on at __rt_disk_copy_failed.
 */
	.section .text.__rt_disk_copy, "ax", @progbits
	.globl	__rt_disk_copy
	.type	__rt_disk_copy, @function
__rt_disk_copy:
	movq	%rdx, %rcx
	shrq	$3, %rcx
	rep movsq
	movl	%edx, %ecx
	andl	$7, %ecx
	jz	.Lend
	rep movsb
.Lend:
	.globl	__rt_disk_copy_bytes
	.set	__rt_disk_copy_bytes, . - __rt_disk_copy
	xorl	%eax, %eax
	ret
	.globl	__rt_disk_copy_failed
__rt_disk_copy_failed:
	movl	$1, %eax
	ret
	.size	__rt_disk_copy, . - __rt_disk_copy

	.section .note.GNU-stack, "", @progbits
