/* SPDX-License-Identifier: ISC */
/* Does what no guest may, as argument 1 names it: "write-text" for one. */
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot_info.h"
#include "memory_map.h"

#define NOINLINE __attribute__((noinline, noclone))

/* Machine code for "ret", where it must not run. */
static unsigned char code_in_data[16] = {0xc3};
static const unsigned char constant[16] = {0xc3};
static volatile int zero, one = 1;

static const struct bp_boot_info *boot(void)
{
	return (const struct bp_boot_info *)BP_BOOT_INFO_GPA;
}

static void peek(uintptr_t address)
{
	__asm__ volatile("movb (%0), %%al" : : "r"(address) : "rax", "memory");
}

static void poke(uintptr_t address)
{
	__asm__ volatile("movb $1, (%0)" : : "r"(address) : "memory");
}

static void jump(uintptr_t address)
{
	__asm__ volatile("call *%0" : : "r"(address) : "memory");
}

/* A case whose body is plain C, and one that is a single instruction. */
#define C_CASE(name, code)               \
	static NOINLINE void name(void)  \
	{                                \
		code;                    \
		__asm__ volatile("nop"); \
	}
#define ASM_CASE(name, code)                                              \
	static NOINLINE void name(void)                                   \
	{                                                                 \
		__asm__ volatile(code                                     \
				 :                                        \
				 :                                        \
				 : "rax", "rcx", "rdx", "rbx", "memory"); \
	}

C_CASE(null_read, peek(0))
C_CASE(null_write, poke(0x18))
C_CASE(null_page_end, peek(0xfff))
C_CASE(null_jump, jump(0))
C_CASE(write_text, poke((uintptr_t)peek))
C_CASE(write_rodata, poke((uintptr_t)constant))
C_CASE(write_boot_info, poke(BP_BOOT_INFO_GPA))
C_CASE(exec_data, jump((uintptr_t)code_in_data))
C_CASE(exec_rodata, jump((uintptr_t)constant))
C_CASE(exec_boot_info, jump(BP_BOOT_INFO_GPA))
C_CASE(read_tables, peek(0x1000))
C_CASE(read_stubs, peek(0x2000))
C_CASE(read_trap_stack, peek(0x3ff8))
C_CASE(write_tables, poke(0x1000))
C_CASE(write_stubs, poke(0x2000))
C_CASE(write_trap_stack, poke(0x3ff8))
C_CASE(jump_stubs, jump(0x2000))
C_CASE(read_below_boot_info, peek(0xffff))
C_CASE(read_below_image, peek(BP_IMAGE_BASE - 1))
C_CASE(read_guard, peek(boot()->heap_end))
C_CASE(read_outside, peek(boot()->mem_bytes))
C_CASE(write_outside, poke(boot()->mem_bytes))
C_CASE(read_far_outside, peek(0x4000000000))
C_CASE(read_negative, peek((uintptr_t)-4096))
C_CASE(read_non_canonical, peek(0x8000000000000000))
C_CASE(jump_outside, jump(boot()->mem_bytes))
C_CASE(write_memory_end, {
	/* The last byte there is: allowed. */
	poke(boot()->stack_end - 1);
	puts("went on");
	exit(0);
})

C_CASE(exec_heap, {
	unsigned char *p = malloc(16);

	p[0] = 0xc3;
	jump((uintptr_t)p);
})

C_CASE(exec_stack, {
	unsigned char p[16];

	p[0] = 0xc3;
	jump((uintptr_t)p);
})

static NOINLINE int stack_overflow_from(int n)
{
	volatile char frame[512];

	frame[0] = (char)n;
	return n < 0 ? frame[0] : stack_overflow_from(n + 1) + frame[0];
}
C_CASE(stack_overflow, stack_overflow_from(zero))

static NOINLINE void inner(int depth)
{
	if (depth)
		inner(depth - 1);
	else
		poke(0);
	__asm__ volatile("nop");
}

static NOINLINE void outer(void)
{
	inner(3);
	__asm__ volatile("nop");
}
C_CASE(nested, outer())

C_CASE(smash_frame_pointer, {
	/* A backtrace must survive any frame pointer. */
	__asm__ volatile("mov $0x123456789abcdef8, %%rbp\n\t"
			 "ud2"
			 :
			 :
			 : "memory");
})

C_CASE(lose_stack, {
	__asm__ volatile("mov $0x10, %%rsp\n\t"
			 "push %%rax"
			 :
			 :
			 : "memory");
})

/* Arithmetic and debugging. */
C_CASE(div_zero, one = one / zero)
ASM_CASE(div_overflow, "mov $1, %%edx; xor %%eax, %%eax; mov $1, %%ecx;"
		       "idiv %%ecx")
ASM_CASE(int3, "int3")
ASM_CASE(int3_long, ".byte 0xcd, 3")
ASM_CASE(single_step, "pushf; orl $0x100, (%%rsp); popf; nop; nop")
ASM_CASE(ud2, "ud2")
ASM_CASE(lock_nop, ".byte 0xf0, 0x90")
ASM_CASE(undefined, ".byte 0x0f, 0x04")
ASM_CASE(x87_zero_divide, "push $0x33b; fldcw (%%rsp); fld1; fldz;"
			  "fdivrp; fwait")
ASM_CASE(sse_zero_divide,
	 "push $0x1d80; ldmxcsr (%%rsp); mov $1, %%eax;"
	 "cvtsi2sd %%eax, %%xmm0; xorpd %%xmm1, %%xmm1; divsd %%xmm1, %%xmm0")
ASM_CASE(misaligned, "pushf; orl $0x40000, (%%rsp); popf;"
		     "mov 1(%%rsp), %%eax; pushf; andl $~0x40000, (%%rsp);"
		     "popf")
ASM_CASE(misaligned_sse, "movaps 1(%%rsp), %%xmm0")

/* Privileged instructions. */
ASM_CASE(hlt, "hlt")
ASM_CASE(cli, "cli")
ASM_CASE(sti, "sti")
ASM_CASE(clts, "clts")
ASM_CASE(invd, "invd")
ASM_CASE(wbinvd, "wbinvd")
ASM_CASE(invlpg, "invlpg (%%rsp)")
ASM_CASE(read_cr0, "mov %%cr0, %%rax")
ASM_CASE(read_cr3, "mov %%cr3, %%rax")
ASM_CASE(write_cr0, "mov $0x11, %%eax; mov %%rax, %%cr0")
ASM_CASE(write_cr3, "xor %%eax, %%eax; mov %%rax, %%cr3")
ASM_CASE(write_cr4, "xor %%eax, %%eax; mov %%rax, %%cr4")
ASM_CASE(write_cr8, "xor %%eax, %%eax; mov %%rax, %%cr8")
ASM_CASE(write_dr7, "xor %%eax, %%eax; mov %%rax, %%dr7")
ASM_CASE(lmsw, "lmsw %%ax")
ASM_CASE(lgdt, "lgdt (%%rsp)")
ASM_CASE(lidt, "lidt (%%rsp)")
ASM_CASE(lldt, "xor %%eax, %%eax; lldt %%ax")
ASM_CASE(ltr, "mov $0x38, %%eax; ltr %%ax")
ASM_CASE(rdmsr, "mov $0xc0000080, %%ecx; rdmsr")
ASM_CASE(wrmsr, "mov $0xc0000080, %%ecx; xor %%eax, %%eax; cltd; wrmsr")
ASM_CASE(swapgs, "swapgs")
ASM_CASE(xsetbv, "xor %%ecx, %%ecx; mov $1, %%eax; cltd; xsetbv")
ASM_CASE(rdpmc, "xor %%ecx, %%ecx; rdpmc")
ASM_CASE(load_kernel_data, "mov $0x10, %%eax; mov %%eax, %%ss")
ASM_CASE(far_return, "mov %%rsp, %%rbx; push $8; lea 1f(%%rip), %%rax;"
		     "push %%rax; lretq; 1:")
ASM_CASE(interrupt_return,
	 "mov %%rsp, %%rbx; push $0x10; push %%rbx; pushf; push $8;"
	 "lea 1f(%%rip), %%rax; push %%rax; iretq; 1:")
ASM_CASE(int13, "int $13")
ASM_CASE(int14, "int $14")
ASM_CASE(int80, "int $0x80")
ASM_CASE(syscall, "syscall")
ASM_CASE(sysenter, "sysenter")
ASM_CASE(sysret, "lea 1f(%%rip), %%rcx; mov $2, %%r11d; sysretq; 1:")
ASM_CASE(sysexit, ".byte 0x0f, 0x35")
ASM_CASE(vmcall, "vmcall")
ASM_CASE(vmmcall, "vmmcall")
ASM_CASE(vmrun, "vmrun")
ASM_CASE(vmxoff, "vmxoff")
ASM_CASE(rsm, "rsm")
ASM_CASE(monitor, "monitor")

/* Ports that are no hypercall, and hypercall ports used otherwise. */
ASM_CASE(in_serial, "mov $0x3f8, %%edx; inb %%dx, %%al")
ASM_CASE(out_serial, "mov $0x3f8, %%edx; outb %%al, %%dx")
ASM_CASE(out_serial_word, "mov $0x3f8, %%edx; outw %%ax, %%dx")
ASM_CASE(out_serial_long, "mov $0x3f8, %%edx; outl %%eax, %%dx")
ASM_CASE(out_pci, "mov $0xcf8, %%edx; outl %%eax, %%dx")
ASM_CASE(in_pci, "mov $0xcfc, %%edx; inl %%dx, %%eax")
ASM_CASE(out_reset, "mov $0xcf9, %%edx; mov $6, %%al; outb %%al, %%dx")
ASM_CASE(out_pic, "outb %%al, $0x20")
ASM_CASE(in_keyboard, "inb $0x64, %%al")
ASM_CASE(out_trap_port, "outl %%eax, $0xf4")
ASM_CASE(out_trap_port_byte, "outb %%al, $0xf4")
ASM_CASE(out_below, "mov $0x4ff, %%edx; outl %%eax, %%dx")
ASM_CASE(out_above, "mov $0x520, %%edx; outl %%eax, %%dx")
ASM_CASE(out_last_port, "mov $0xffff, %%edx; outl %%eax, %%dx")
ASM_CASE(out_port_zero, "xor %%edx, %%edx; outl %%eax, %%dx")
ASM_CASE(call_byte, "mov $0x500, %%edx; outb %%al, %%dx")
ASM_CASE(call_word, "mov $0x500, %%edx; outw %%ax, %%dx")
ASM_CASE(call_in, "mov $0x500, %%edx; inl %%dx, %%eax")
ASM_CASE(call_in_byte, "mov $0x503, %%edx; inb %%dx, %%al")
ASM_CASE(string_out, "mov $0x3f8, %%edx; mov $3, %%ecx; mov %%rsp, %%rsi;"
		     "cld; rep outsb")
ASM_CASE(call_string, "mov $0x503, %%edx; mov $3, %%ecx; mov %%rsp, %%rsi;"
		      "cld; rep outsl")
ASM_CASE(call_string_bytes, "mov $0x501, %%edx; mov $3, %%ecx;"
			    "mov %%rsp, %%rsi; cld; rep outsb")
ASM_CASE(call_string_in, "mov $0x500, %%edx; mov $3, %%ecx;"
			 "lea -64(%%rsp), %%rdi; cld; rep insl")

#define CASE(f)       \
	{             \
#f, f \
	}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	CASE(null_read),
	CASE(null_write),
	CASE(null_page_end),
	CASE(null_jump),
	CASE(write_text),
	CASE(write_rodata),
	CASE(write_boot_info),
	CASE(exec_data),
	CASE(exec_rodata),
	CASE(exec_boot_info),
	CASE(exec_heap),
	CASE(exec_stack),
	CASE(read_tables),
	CASE(read_stubs),
	CASE(read_trap_stack),
	CASE(write_tables),
	CASE(write_stubs),
	CASE(write_trap_stack),
	CASE(jump_stubs),
	CASE(read_below_boot_info),
	CASE(read_below_image),
	CASE(read_guard),
	CASE(read_outside),
	CASE(write_outside),
	CASE(read_far_outside),
	CASE(read_negative),
	CASE(read_non_canonical),
	CASE(jump_outside),
	CASE(write_memory_end),
	CASE(stack_overflow),
	CASE(nested),
	CASE(smash_frame_pointer),
	CASE(lose_stack),
	CASE(div_zero),
	CASE(div_overflow),
	CASE(int3),
	CASE(int3_long),
	CASE(single_step),
	CASE(ud2),
	CASE(lock_nop),
	CASE(undefined),
	CASE(x87_zero_divide),
	CASE(sse_zero_divide),
	CASE(misaligned),
	CASE(misaligned_sse),
	CASE(hlt),
	CASE(cli),
	CASE(sti),
	CASE(clts),
	CASE(invd),
	CASE(wbinvd),
	CASE(invlpg),
	CASE(read_cr0),
	CASE(read_cr3),
	CASE(write_cr0),
	CASE(write_cr3),
	CASE(write_cr4),
	CASE(write_cr8),
	CASE(write_dr7),
	CASE(lmsw),
	CASE(lgdt),
	CASE(lidt),
	CASE(lldt),
	CASE(ltr),
	CASE(rdmsr),
	CASE(wrmsr),
	CASE(swapgs),
	CASE(xsetbv),
	CASE(rdpmc),
	CASE(load_kernel_data),
	CASE(far_return),
	CASE(interrupt_return),
	CASE(int13),
	CASE(int14),
	CASE(int80),
	CASE(syscall),
	CASE(sysenter),
	CASE(sysret),
	CASE(sysexit),
	CASE(vmcall),
	CASE(vmmcall),
	CASE(vmrun),
	CASE(vmxoff),
	CASE(rsm),
	CASE(monitor),
	CASE(in_serial),
	CASE(out_serial),
	CASE(out_serial_word),
	CASE(out_serial_long),
	CASE(out_pci),
	CASE(in_pci),
	CASE(out_reset),
	CASE(out_pic),
	CASE(in_keyboard),
	CASE(out_trap_port),
	CASE(out_trap_port_byte),
	CASE(out_below),
	CASE(out_above),
	CASE(out_last_port),
	CASE(out_port_zero),
	CASE(call_byte),
	CASE(call_word),
	CASE(call_in),
	CASE(call_in_byte),
	CASE(string_out),
	CASE(call_string),
	CASE(call_string_bytes),
	CASE(call_string_in),
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (argc > 1 && !strcmp(argv[1], cases[i].name)) {
			puts("before");
			cases[i].run();
			puts("after");
			return 42;
		}
	}
	return 2;
}
