/* SPDX-License-Identifier: ISC */
/*
 * `native HOW VALUE` does to this CPU what tests/guests/escape.c does in a
 * guest, as a process without a tender: it exits with 42, or dies of the signal
 * that is the exception. So a test can tell an emulated CPU from a real one.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void push(uint64_t value)
{
	__asm__ volatile("mov %%rsp, %%rcx; lea 8(%0), %%rsp; push %%rax;"
			 "mov %%rcx, %%rsp"
			 :
			 : "r"(value)
			 : "rcx", "memory");
}

/* Of no address that is mapped, whatever the value. */
static void flush(uint64_t value)
{
	char *page =
		mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)value;
	munmap(page, 4096);
	__asm__ volatile("clflush (%0)" : : "r"(page) : "memory");
}

static void fs_base(uint64_t value)
{
	__asm__ volatile("rdfsbase %%rcx; wrfsbase %0; wrfsbase %%rcx"
			 :
			 : "r"(value)
			 : "rcx", "memory");
}

static void gs_base(uint64_t value)
{
	__asm__ volatile("wrgsbase %0" : : "r"(value) : "memory");
}

static void mxcsr(uint64_t value)
{
	__asm__ volatile("ldmxcsr %0" : : "m"(value));
}

static void icebp(uint64_t value)
{
	(void)value;
	__asm__ volatile(".byte 0xf1");
}

/* A lock before `out`, which it is not for. */
static void prefix_f0(uint64_t value)
{
	(void)value;
	__asm__ volatile("mov $0x503, %%edx; .byte 0xf0, 0xef" : : : "rdx");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(uint64_t value);
	} cases[] = {
		{"push", push},		  {"flush", flush},
		{"fs_base", fs_base},	  {"gs_base", gs_base},
		{"mxcsr", mxcsr},	  {"icebp", icebp},
		{"prefix_f0", prefix_f0},
	};

	if (argc < 3)
		return 2;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!strcmp(argv[1], cases[i].name)) {
			cases[i].run(strtoull(argv[2], NULL, 0));
			return 42;
		}
	}
	return 2;
}
