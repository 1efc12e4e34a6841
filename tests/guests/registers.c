/* SPDX-License-Identifier: ISC */
/* A hypercall keeps every register but RAX: all of them are looked at. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "hypercall_x86_64.h"

#define FLAGS_SEEN 0xcd5 /* OF DF SF ZF AF PF CF */

/* What around_call fills the registers with, and what it finds afterwards. */
struct registers {
	uint64_t general[11]; /* RBX R8-R15 RBP, then RDX */
	uint64_t flags;
	uint64_t sse[16][2];
	unsigned char x87[16];
	uint32_t mxcsr;
	uint16_t control;
	uint16_t padding;
};

extern struct registers wanted, found;
struct registers wanted, found;

int64_t around_call(unsigned port);

/*
 * Loads all of `wanted`, does `out` with RDI, RSI and RCX zero, stores all
 * into `found`. Returns the result of the call.
 */
__asm__(".pushsection .text\n"
	"	.macro each op\n"
	"	.set at, 0\n"
	"	.irp r, rbx, r8, r9, r10, r11, r12, r13, r14, r15, rbp, rdx\n"
	"	\\op \\r\n"
	"	.set at, at + 8\n"
	"	.endr\n"
	"	.endm\n"
	"	.macro load r\n"
	"	mov wanted+at(%rip), %\\r\n"
	"	.endm\n"
	"	.macro store r\n"
	"	mov %\\r, found+at(%rip)\n"
	"	.endm\n"
	"around_call:\n"
	"	push %rbx\n"
	"	push %rbp\n"
	"	push %r12\n"
	"	push %r13\n"
	"	push %r14\n"
	"	push %r15\n"
	"	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"	movdqu wanted+96+16*\\n(%rip), %xmm\\n\n"
	"	.endr\n"
	"	fldcw wanted+372(%rip)\n"
	"	ldmxcsr wanted+368(%rip)\n"
	"	fldt wanted+352(%rip)\n"
	"	xor %ecx, %ecx\n"
	"	xor %esi, %esi\n"
	"	xor %edi, %edi\n"
	"	each load\n"
	"	push wanted+88(%rip)\n"
	"	popf\n"
	"	mov $-1, %rax\n"
	"	out %eax, %dx\n"
	"	pushf\n"
	"	pop found+88(%rip)\n"
	"	cld\n"
	"	each store\n"
	"	or %rcx, %rsi\n"
	"	or %rdi, %rsi\n"
	"	or %rsi, found+80(%rip)\n" /* all three were zero */
	"	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"	movdqu %xmm\\n, found+96+16*\\n(%rip)\n"
	"	.endr\n"
	"	fnstcw found+372(%rip)\n"
	"	stmxcsr found+368(%rip)\n"
	"	fstpt found+352(%rip)\n"
	"	fninit\n"
	"	pop %r15\n"
	"	pop %r14\n"
	"	pop %r13\n"
	"	pop %r12\n"
	"	pop %rbp\n"
	"	pop %rbx\n"
	"	ret\n"
	"	.type around_call, @function\n"
	"	.size around_call, . - around_call\n"
	"	.popsection\n");

_Static_assert(sizeof(struct registers) == 376, "the offsets above");

static void fill(unsigned port)
{
	const long double pi = 3.14159265358979323846264338327950288L;
	unsigned char *at = (unsigned char *)&wanted;

	for (unsigned i = 0; i < sizeof(wanted); i++)
		at[i] = (unsigned char)(i * 37 + 11);
	wanted.general[10] = port;
	wanted.flags = 0x202 | FLAGS_SEEN;
	memset(wanted.x87, 0, sizeof(wanted.x87));
	memcpy(wanted.x87, &pi, 10);
	wanted.mxcsr = 0x7f80; /* everything masked, round to zero */
	wanted.control = 0x0f7f;
	wanted.padding = 0;
	memset(&found, 0, sizeof(found));
}

static int is_kept(unsigned number)
{
	fill(BP_PORT_BASE + number);
	if (around_call(BP_PORT_BASE + number) < 0)
		return 0;
	wanted.flags &= FLAGS_SEEN;
	found.flags &= FLAGS_SEEN;
	for (unsigned i = 0; i < sizeof(wanted) / 8; i++)
		if (((uint64_t *)&wanted)[i] != ((uint64_t *)&found)[i])
			printf("call %u: %u: %llx became %llx\n", number, i * 8,
			       ((unsigned long long *)&wanted)[i],
			       ((unsigned long long *)&found)[i]);
	return !memcmp(&wanted, &found, sizeof(wanted));
}

int main(void)
{
	uintptr_t tls = (uintptr_t)__builtin_thread_pointer();

	if (!is_kept(BP_CALL_CLOCK_WALL) || !is_kept(BP_CALL_WAIT))
		return 1;
	if (hypercall_set_tls(tls) ||
	    (uintptr_t)__builtin_thread_pointer() != tls)
		return 2;
	if (!is_kept(BP_CALL_CLOCK_WALL))
		return 3;
	puts("kept");
	return 0;
}
