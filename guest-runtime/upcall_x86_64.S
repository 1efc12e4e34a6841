/* SPDX-License-Identifier: ISC */
/*
 * Where the tender interrupts the guest: SPEC.md, "Upcalls"; interrupt.h.
 *
 * To go on, an IRETQ frame is put onto the interrupted stack, below its red
 * zone, and only then "busy" cleared: from there on another upcall does no harm
 * between any two instructions.
 */
/* struct bp_upcall_frame */
#define FRAME_BUSY	__rt_upcall_frame(%rip)
#define FRAME_KIND	4
#define FRAME_SIGNAL	8
#define FRAME_REGISTERS	40
#define KIND_TRAP	2
#define SIGBUS		7

/* struct rt_registers, struct rt_saved */
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
#define R11	104
#define R12	112
#define R13	120
#define R14	128
#define R15	136
#define WORDS	18
#define VECTOR	144

/* struct rt_thread */
#define SAVED	8

#define RED_ZONE	128
#define IRET_BYTES	40

	.text

/*
 * Makes an IRETQ frame of the registers at \registers, and has RSP point to it.
 * Uses RAX and RCX.
 */
	.macro	leave_to registers
	movq	RSP(\registers), %rcx
	leaq	-(RED_ZONE + IRET_BYTES)(%rcx), %rcx
	movq	RIP(\registers), %rax
	movq	%rax, (%rcx)
	movl	%cs, %eax
	movq	%rax, 8(%rcx)
	movq	RFLAGS(\registers), %rax
	movq	%rax, 16(%rcx)
	movq	RSP(\registers), %rax
	movq	%rax, 24(%rcx)
	movl	%ss, %eax
	movq	%rax, 32(%rcx)
	movq	%rcx, %rsp
	.endm

/* What XSAVE or FXSAVE wrote for the struct rt_saved at RDI. */
	.macro	load_vector
	movq	VECTOR(%rdi), %rcx
	movl	__rt_vector_mask(%rip), %eax
	movl	__rt_vector_mask+4(%rip), %edx
	testl	%eax, %eax
	jz	1f
	xrstor64 (%rcx)
	jmp	2f
1:	fxrstor64 (%rcx)
2:
	.endm

/* Its registers, but for those of an IRETQ frame. */
	.macro	load_registers
	movq	RBX(%rdi), %rbx
	movq	RDX(%rdi), %rdx
	movq	RSI(%rdi), %rsi
	movq	RBP(%rdi), %rbp
	movq	R8(%rdi), %r8
	movq	R9(%rdi), %r9
	movq	R10(%rdi), %r10
	movq	R11(%rdi), %r11
	movq	R12(%rdi), %r12
	movq	R13(%rdi), %r13
	movq	R14(%rdi), %r14
	movq	R15(%rdi), %r15
	movq	RAX(%rdi), %rax
	movq	RCX(%rdi), %rcx
	movq	RDI(%rdi), %rdi
	.endm

	.globl	__rt_upcall_entry
	.type	__rt_upcall_entry, @function
__rt_upcall_entry:
	cmpl	$SIGBUS, FRAME_SIGNAL(%rdi)
	je	.Lbus
.Lupcall:
	testl	$0x7fffffff, __rt_section(%rip)
	jz	.Linterrupt

	/* Within a section. RDI is the frame. */
	movl	FRAME_KIND(%rdi), %ecx
	btsl	%ecx, __rt_upcalls_noted(%rip)
	movl	FRAME_SIGNAL(%rdi), %eax
	cmpl	$KIND_TRAP, %ecx
	je	.Ltrap
	orl	%eax, __rt_upcall_signal(%rip)
	orl	$0x80000000, __rt_section(%rip)
.Lgo_on:
	addq	$FRAME_REGISTERS, %rdi
	leave_to %rdi
	movq	RAX(%rdi), %rax
	movq	RCX(%rdi), %rcx
	movq	RDI(%rdi), %rdi
	movl	$0, FRAME_BUSY
	iretq

.Ltrap:
	addq	$FRAME_REGISTERS, %rdi
	leave_to %rdi
	movq	RAX(%rdi), %rax
	movq	RCX(%rdi), %rcx
	movq	RDI(%rdi), %rdi
	iretq

	/* A copy from a mapped disk ends where it learns of it. */
.Lbus:	leaq	__rt_disk_copy(%rip), %rcx
	movq	FRAME_REGISTERS + RIP(%rdi), %rax
	subq	%rcx, %rax
	cmpq	$__rt_disk_copy_bytes, %rax
	jae	.Lupcall
	leaq	__rt_disk_copy_failed(%rip), %rax
	movq	%rax, FRAME_REGISTERS + RIP(%rdi)
	jmp	.Lgo_on

.Linterrupt:
	incl	__rt_section(%rip)
	movq	%rdi, %rdx
	leaq	FRAME_REGISTERS(%rdi), %rsi
	movq	__rt_self(%rip), %rax
	movq	SAVED(%rax), %rbx
	movq	%rbx, %rdi
	movl	$WORDS, %ecx
	rep movsq
	movq	%rdx, %rdi
	movq	VECTOR(%rbx), %rcx
	movl	__rt_vector_mask(%rip), %eax
	movl	__rt_vector_mask+4(%rip), %edx
	testl	%eax, %eax
	jz	1f
	xsave64	(%rcx)
	jmp	2f
1:	fxsave64 (%rcx)
2:	/* What C relies on: psABI, 3.4.1. */
	fninit
	pushq	$0x1f80
	ldmxcsr	(%rsp)
	addq	$8, %rsp
	xorl	%ebp, %ebp
	call	__rt_upcall
	ud2
	.size	__rt_upcall_entry, . - __rt_upcall_entry

/*
 * void __rt_switch_resume(uintptr_t *stack_pointer, struct rt_saved *saved)
 *
 * As __rt_switch(), to a thread that was interrupted.
 */
	.globl	__rt_switch_resume
	.type	__rt_switch_resume, @function
__rt_switch_resume:
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
	movq	%rsi, %rdi
	/* fall through */

	.globl	__rt_resume
	.type	__rt_resume, @function
__rt_resume:
	load_vector
	leave_to %rdi
	load_registers
	movl	$0, FRAME_BUSY
	movl	$0, __rt_section(%rip)
	iretq
	.size	__rt_resume, . - __rt_resume

/*
 * void __rt_resume_last(const struct rt_saved *saved)
 *
 * As __rt_resume(), once upcalls are off: the IRETQ frame is left here, for the
 * stack of a program that trapped may have no room.
 */
	.globl	__rt_resume_last
	.type	__rt_resume_last, @function
__rt_resume_last:
	load_vector
	movl	%ss, %eax
	pushq	%rax
	pushq	RSP(%rdi)
	pushq	RFLAGS(%rdi)
	movl	%cs, %eax
	pushq	%rax
	pushq	RIP(%rdi)
	load_registers
	movl	$0, __rt_section(%rip)
	iretq
	.size	__rt_resume_last, . - __rt_resume_last

/*
 * void __rt_switch_leave(uintptr_t to)
 *
 * From the upcall's stack to where a thread was switched away by __rt_switch.
 */
	.globl	__rt_switch_leave
	.type	__rt_switch_leave, @function
__rt_switch_leave:
	movq	%rdi, %rsp
	movl	$0, FRAME_BUSY
	jmp	__rt_switch_load
	.size	__rt_switch_leave, . - __rt_switch_leave

	.section .note.GNU-stack, "", @progbits
