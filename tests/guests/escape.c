/* SPDX-License-Identifier: ISC */
/*
 * Tries to get out: `escape HOW VALUE...`. Prints "before", and "after" when
 * it was let go on, and then exits with 42; with 77 when this CPU has nothing
 * to try. A value is a number, as in C, or a name of the table below; the
 * address "-" is read from the console, so that a test can choose it late.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot_info.h"
#include "hypercall_x86_64.h"
#include "memory_map.h"

#define SURVIVED 42
#define SKIP	 77

static char data[4096] __attribute__((aligned(4096))) = {1};
static char file_name[] = "escaped";
static char shell[] = "/bin/sh", shell_option[] = "-c";
static char shell_script[] = "echo > escaped";
static char *shell_argv[] = {shell, shell_option, shell_script, NULL};

static const struct bp_boot_info *boot(void)
{
	return (const struct bp_boot_info *)BP_BOOT_INFO_GPA;
}

static uint64_t value_of(const char *text)
{
	const struct {
		const char *name;
		uint64_t value;
	} names[] = {
		{"data", (uintptr_t)data},
		{"text", (uintptr_t)value_of & ~4095UL},
		{"file", (uintptr_t)file_name},
		{"shell", (uintptr_t)shell},
		{"argv", (uintptr_t)shell_argv},
		{"guard", boot()->heap_end},
		{"end", boot()->mem_bytes},
	};
	char line[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(text, names[i].name))
			return names[i].value;
	if (!strcmp(text, "-")) {
		puts("waiting");
		text = fgets(line, sizeof(line), stdin);
		if (!text)
			exit(2);
	}
	return strtoull(text, NULL, 0);
}

/*
 * System calls: `call INSTRUCTION NUMBER ARGUMENT...`, up to three. 32-bit
 * code is reached by a far jump to the selector that Linux has for it.
 */
#define IN_32_BITS(name, instruction)                   \
	"	.type " name ", @function\n" name ":\n" \
	"	push %rbp\n"                                  \
	"	push %rbx\n"                                  \
	"	mov %edi, %eax\n"                             \
	"	mov %esi, %ebx\n"                             \
	"	xchg %rdx, %rcx\n"                            \
	"	mov $0x2b, %r9d\n"                            \
	"	mov %r9d, %ds\n"                              \
	"	mov %r9d, %es\n"                              \
	"	ljmpl *3f(%rip)\n"                            \
	"	.code32\n"                                    \
	"1:	mov %esp, %ebp\n"                           \
	"	" instruction "\n"                      \
	"	ljmpl $0x33, $2f\n"                           \
	"	.code64\n"                                    \
	"2:	mov %eax, %eax\n"                           \
	"	pop %rbx\n"                                   \
	"	pop %rbp\n"                                   \
	"	ret\n"                                        \
	"3:	.long 1b, 0x23\n"                           \
	"	.size " name ", . - " name "\n"

uint64_t int80_32(uint64_t n, uint64_t a, uint64_t b, uint64_t c);
uint64_t syscall_32(uint64_t n, uint64_t a, uint64_t b, uint64_t c);
uint64_t sysenter_32(uint64_t n, uint64_t a, uint64_t b, uint64_t c);
uint64_t out_32(uint64_t n, uint64_t a, uint64_t b, uint64_t c);
uint64_t into_32(uint64_t n, uint64_t a, uint64_t b, uint64_t c);
void interrupt_table(void);

/* clang-format off */
__asm__(".pushsection .text\n"
	IN_32_BITS("int80_32", "int $0x80")
	IN_32_BITS("syscall_32", "mov %ecx, %ebp; syscall")
	IN_32_BITS("sysenter_32", "sysenter")
	IN_32_BITS("out_32", "mov $0x503, %edx; out %eax, %dx")
	IN_32_BITS("into_32", "mov $0x7fffffff, %eax; inc %eax; into")
	/* Four bytes each: int $n; ret; nop. */
	"	.type interrupt_table, @function\n"
	"interrupt_table:\n"
	"	.set n, 0\n"
	"	.rept 256\n"
	"	.byte 0xcd, n, 0xc3, 0x90\n"
	"	.set n, n + 1\n"
	"	.endr\n"
	"	.size interrupt_table, . - interrupt_table\n"
	"	.popsection\n");
/* clang-format on */

#define IN_64_BITS(name, instruction)                                        \
	static uint64_t name(uint64_t n, uint64_t a, uint64_t b, uint64_t c) \
	{                                                                    \
		__asm__ volatile(instruction                                 \
				 : "+a"(n), "+c"(b)                          \
				 : "D"(a), "S"(b), "d"(c), "b"(a)            \
				 : "r11", "memory");                         \
		return n;                                                    \
	}

IN_64_BITS(syscall_64, "syscall")
IN_64_BITS(int80_64, "int $0x80")
IN_64_BITS(sysenter_64, "push %%rbp; mov %%rsp, %%rbp; sysenter; pop %%rbp")

static int call(int argc, char **argv)
{
	static const struct {
		const char *name;
		uint64_t (*call)(uint64_t n, uint64_t a, uint64_t b,
				 uint64_t c);
	} ways[] = {
		{"syscall", syscall_64},   {"int80", int80_64},
		{"sysenter", sysenter_64}, {"syscall-32", syscall_32},
		{"int80-32", int80_32},	   {"sysenter-32", sysenter_32},
		{"hypercall-32", out_32},  {"into-32", into_32},
	};
	uint64_t arg[4] = {0};

	for (int i = 0; i < 4 && i + 1 < argc; i++)
		arg[i] = value_of(argv[i + 1]);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (!strcmp(argv[0], ways[i].name)) {
			puts("before");
			printf("result %" PRIx64 "\n",
			       ways[i].call(arg[0], arg[1], arg[2], arg[3]));
			puts("after");
			return SURVIVED;
		}
	}
	return 2;
}

/* What is tried with one value; ASK is a hypercall that changes nothing. */
#define ASK " mov $0x503, %%edx; out %%eax, %%dx; "
#define TRY(name, code)                                                  \
	static void try_##name(uint64_t value)                           \
	{                                                                \
		__asm__ volatile(code                                    \
				 : "+D"(value)                           \
				 : "S"(data)                             \
				 : "rax", "rcx", "rdx", "cc", "memory"); \
	}

TRY(read, "movb (%%rdi), %%al")
TRY(write, "movb $1, (%%rdi)")
TRY(jump, "call *%%rdi")
TRY(straddle, "lea -4(%%rdi), %%rdi; mov (%%rdi), %%rax")
TRY(exchange, "lock xadd %%rax, (%%rdi)")
TRY(copy, "cld; mov $1, %%ecx; rep movsb")
TRY(save, "fxsave (%%rdi)")
TRY(flush, "clflush (%%rdi)")
TRY(prefetch, "prefetcht0 (%%rdi)")
TRY(push, "mov %%rsp, %%rcx; lea 8(%%rdi), %%rsp; push %%rax; mov %%rcx, %%rsp")

/* Registers that a hypercall has no use for. */
TRY(stack, "mov %%rsp, %%rcx; mov %%rdi, %%rsp;" ASK "mov %%rcx, %%rsp")
TRY(fs_base, "rdfsbase %%rcx; wrfsbase %%rdi;" ASK
	     "rdfsbase %%rsi; wrfsbase %%rcx; cmp %%rsi, %%rdi; je 1f; ud2; 1:")
TRY(gs_base,
    "wrgsbase %%rdi;" ASK "rdgsbase %%rsi; cmp %%rsi, %%rdi; je 1f; ud2; 1:")
TRY(gs_read, "wrgsbase %%rdi; movb %%gs:0, %%al")
TRY(selector, "mov %%edi, %%ds; mov %%edi, %%es; mov %%edi, %%gs;" ASK)
TRY(stack_selector, "mov %%edi, %%ss;" ASK)
TRY(flags, "pushf; or %%rdi, (%%rsp); popf;" ASK
	   "pushf; not %%rdi; and %%rdi, (%%rsp); popf")
TRY(flags_by_iret, "mov %%rsp, %%rsi; push $0x2b; push %%rsi; pushf;"
		   "or %%rdi, (%%rsp); push $0x33; lea 1f(%%rip), %%rax;"
		   "push %%rax; iretq; 1:" ASK "push $2; popf")

/* Extended state. */
TRY(mxcsr, "push %%rdi; ldmxcsr (%%rsp); pop %%rdi;" ASK)
TRY(x87_pending, "push $0; fldcw (%%rsp); fldz; fld1; fdivp;" ASK "fwait")
TRY(restore, "mov $-1, %%eax; mov $-1, %%edx; xrstor (%%rdi);" ASK)
TRY(fx_restore, "fxrstor (%%rdi);" ASK)
TRY(protection_keys, "mov %%edi, %%eax; xor %%ecx, %%ecx; xor %%edx, %%edx;"
		     "wrpkru;" ASK "movb (%%rsi), %%al")

/* Instructions of which the value is an operand or a part. */
TRY(string_out, "cld; mov %%edi, %%edx; mov $-1, %%rcx; rep outsl")
TRY(string_in, "cld; mov %%rdi, %%rdx; mov $-1, %%rcx; lea -8(%%rsp), %%rdi;"
	       "rep insl")
TRY(string_in_far, "cld; mov $0x500, %%edx; mov $-1, %%rcx; rep insl")
TRY(prefix_67, "mov $0x503, %%edx; .byte 0x67, 0xef")
TRY(prefix_2e, "mov $0x503, %%edx; .byte 0x2e, 0xef")
TRY(prefix_65, "mov $0x503, %%edx; .byte 0x65, 0xef")
TRY(prefix_48, "mov $0x503, %%edx; .byte 0x48, 0xef")
TRY(prefix_f3, "mov $0x503, %%edx; .byte 0xf3, 0xef")
TRY(prefix_f0, "mov $0x503, %%edx; .byte 0xf0, 0xef")
TRY(icebp, ".byte 0xf1")
TRY(tables, "sub $16, %%rsp; sgdt (%%rsp); sidt (%%rsp); sldt %%ax; str %%ax;"
	    "smsw %%ax; add $16, %%rsp")

/* These go on for ever, unless they may not. */
TRY(masked_spin, "cli; 1: jmp 1b")
TRY(wait_for_store, "mov %%rsi, %%rax; 1: xor %%ecx, %%ecx; xor %%edx, %%edx;"
		    "monitorx; xor %%eax, %%eax; mwaitx; mov %%rsi, %%rax;"
		    "jmp 1b")
TRY(calls, "1:" ASK "jmp 1b")

static void try_int(uint64_t n)
{
	((void (*)(void))((uintptr_t)interrupt_table + 4 * n))();
}

/* Every selector that the CPU lets ring 3 read through, with that RPL. */
static void try_any_selector(uint64_t rpl)
{
	for (uint64_t s = 8 | rpl; s < 65536; s += 4) {
		unsigned char seen;

		__asm__("verr %w1; setz %0" : "=q"(seen) : "r"(s) : "cc");
		if (!seen)
			continue;
		printf("selector %" PRIx64 "\n", s);
		try_selector(s);
	}
}

/* All memory there is, and then the page behind it. */
static void try_all_memory(uint64_t beyond)
{
	static uint64_t at;

	for (at = boot()->heap_start + (1 << 20); at < boot()->mem_bytes;
	     at += 4096)
		if (at < boot()->heap_end || at >= boot()->stack_start)
			*(volatile char *)(at + 4095) |= 0;
	if (beyond)
		try_read(at);
}

static unsigned char state[16384] __attribute__((aligned(64)));

static void try_garbage(uint64_t seed)
{
	for (size_t i = 0; i < sizeof(state); i++) {
		seed = seed * 6364136223846793005 + 1442695040888963407;
		state[i] = (unsigned char)(seed >> 56);
	}
	try_restore((uintptr_t)state);
}

/* All that is allowed: x87 exceptions unmasked, every register all ones. */
static void try_full_state(uint64_t components)
{
	memset(state, 0xff, sizeof(state));
	memset(state, 0, 4);
	memcpy(state + 24, "\x80\x1f\0", 4); /* MXCSR */
	memset(state + 512, 0, 64);
	state[512] = (unsigned char)components;
	try_restore((uintptr_t)state);
}

#define CASE(name)                \
	{                         \
#name, try_##name \
	}

static const struct {
	const char *name;
	void (*run)(uint64_t value);
} cases[] = {
	CASE(read),
	CASE(write),
	CASE(jump),
	CASE(straddle),
	CASE(exchange),
	CASE(copy),
	CASE(save),
	CASE(flush),
	CASE(prefetch),
	CASE(push),
	CASE(stack),
	CASE(fs_base),
	CASE(gs_base),
	CASE(gs_read),
	CASE(selector),
	CASE(stack_selector),
	CASE(flags),
	CASE(flags_by_iret),
	CASE(mxcsr),
	CASE(x87_pending),
	CASE(restore),
	CASE(fx_restore),
	CASE(protection_keys),
	CASE(string_out),
	CASE(string_in),
	CASE(string_in_far),
	CASE(prefix_67),
	CASE(prefix_2e),
	CASE(prefix_65),
	CASE(prefix_48),
	CASE(prefix_f3),
	CASE(prefix_f0),
	CASE(icebp),
	CASE(tables),
	CASE(masked_spin),
	CASE(wait_for_store),
	CASE(calls),
	CASE(int),
	CASE(any_selector),
	CASE(all_memory),
	CASE(garbage),
	CASE(full_state),
};

int main(int argc, char **argv)
{
	uint64_t value;

	if (argc < 3)
		return 2;
	if (!strcmp(argv[1], "call"))
		return call(argc - 2, argv + 2);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strcmp(argv[1], cases[i].name))
			continue;
		if ((strstr(argv[1], "s_base") || strstr(argv[1], "gs_read")) &&
		    !(boot()->flags & BP_BOOT_FSGSBASE))
			return SKIP;
		value = value_of(argv[2]);
		puts("before");
		cases[i].run(value);
		puts("after");
		return SURVIVED;
	}
	return 2;
}
