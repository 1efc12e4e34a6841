/* SPDX-License-Identifier: ISC */
/*
 * The hypercall `map`: `map HOW`, or `map call ADDRESS BYTES BITS`, which makes
 * one call and prints its result. Addresses are numbers or names.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot_info.h"
#include "hypercall_x86_64.h"
#include "memory_map.h"
#include "upcall_entry.h"

#define PAGE   4096UL
#define LARGE  (2UL << 20)
#define READ   BP_MAP_READ
#define WRITE  BP_MAP_WRITE
#define BYTES  (4 * LARGE)
#define PAGES  (BYTES / PAGE)
#define ROUNDS 600

static unsigned char data[2 * PAGE] __attribute__((aligned(4096))) = {1};
static const unsigned char rodata[PAGE] __attribute__((aligned(4096))) = {1};

uint64_t resume_at;
static uint64_t fault_at;
static volatile unsigned ticks;

void handle(struct bp_upcall_frame *f)
{
	if (f->kind == BP_UPCALL_TICK) {
		ticks++;
		return;
	}
	fault_at = f->address;
	f->rip = resume_at;
}

static int64_t map(const void *at, uint64_t bytes, uint64_t bits)
{
	return hypercall3(BP_CALL_MAP, (uintptr_t)at, bytes, bits);
}

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
		{"rodata", (uintptr_t)rodata},
		{"text", (uintptr_t)value_of & ~(PAGE - 1)},
		{"boot", BP_BOOT_INFO_GPA},
		{"heap", boot()->heap_start},
		{"guard", boot()->heap_end},
		{"stack", boot()->stack_start},
		{"end", boot()->mem_bytes},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(text, names[i].name, strlen(names[i].name)))
			return names[i].value +
			       strtoull(text + strlen(names[i].name), NULL, 0);
	return strtoull(text, NULL, 0);
}

/* Whether an access there was let be. */
#define PROBE(at, instruction)                                          \
	({                                                              \
		fault_at = 0;                                           \
		__asm__ volatile("lea 1f(%%rip), %%rax\n\t"             \
				 "mov %%rax, resume_at\n\t" instruction \
				 "\n1:" ::"r"(at)                       \
				 : "rax", "memory", "cc");              \
		fault_at == 0;                                          \
	})

static unsigned access_to(unsigned char *at)
{
	unsigned can = 0;

	if (PROBE(at, "movb (%0), %%al"))
		can |= READ;
	else if (fault_at != (uintptr_t)at)
		printf("fault at %#lx\n", fault_at);
	if (PROBE(at, "addb $0, (%0)"))
		can |= WRITE;
	return can;
}

/* As map(), and none of the other registers may change. */
static int64_t map_kept(const void *at, uint64_t bytes, uint64_t bits)
{
	uint64_t rdi = (uintptr_t)at, rsi = bytes, rcx = bits;
	uint64_t rdx = BP_PORT_BASE + BP_CALL_MAP;
	register uint64_t r8 __asm__("r8") = 8;
	register uint64_t r9 __asm__("r9") = 9;
	register uint64_t r10 __asm__("r10") = 10;
	register uint64_t r11 __asm__("r11") = 11;
	register uint64_t r12 __asm__("r12") = 12;
	int64_t result = 0;

	__asm__ volatile("stc\n\toutl %%eax, %%dx\n\tjc 1f\n\tud2\n1:"
			 : "+a"(result), "+d"(rdx), "+D"(rdi), "+S"(rsi),
			   "+c"(rcx), "+r"(r8), "+r"(r9), "+r"(r10), "+r"(r11),
			   "+r"(r12)
			 :
			 : "memory", "cc");
	if (rdi != (uintptr_t)at || rsi != bytes || rcx != bits || r8 != 8 ||
	    rdx != BP_PORT_BASE + BP_CALL_MAP || r9 != 9 || r10 != 10 ||
	    r11 != 11 || r12 != 12)
		puts("a register was not kept");
	return result;
}

static unsigned random_next(void)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(state >> 33);
}

/* Maps and probes at random, with a model; the contents last. */
static void how_random(void)
{
	static const unsigned access[] = {0, READ, READ | WRITE};
	static unsigned char model[PAGES], value[PAGES];
	unsigned char *p = aligned_alloc(LARGE, BYTES);

	for (unsigned i = 0; i < PAGES; i++) {
		model[i] = READ | WRITE;
		p[i * PAGE] = value[i] = (unsigned char)(i | 1);
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned from = random_next() % PAGES, n = 1, to;
		unsigned bits = access[random_next() % 3];

		if (round % 8 == 0) {
			from &= ~511u;
			n = 512;
		} else if (round % 4 == 0) {
			n += random_next() % 700;
		}
		to = from + n > PAGES ? PAGES : from + n;
		if (map_kept(p + from * PAGE, (to - from) * PAGE,
			     bits | (round % 16 == 3 ? BP_MAP_RELEASE : 0)))
			puts("refused");
		memset(model + from, (int)bits, to - from);
		if (round % 16 == 3)
			memset(value + from, 0, to - from);
		for (unsigned i = 0; i < 12; i++) {
			unsigned at = random_next() % PAGES;
			unsigned near[] = {from, to - 1, from ? from - 1 : 0,
					   to % PAGES};

			at = i < 4 ? near[i] : at;
			if (access_to(p + at * PAGE) != model[at])
				printf("page %u is not %u\n", at, model[at]);
		}
	}
	map(p, BYTES, READ | WRITE);
	for (unsigned i = 0; i < PAGES; i++)
		if (p[i * PAGE] != value[i])
			printf("page %u has changed\n", i);
	puts("done");
}

static void how_random_ticks(void)
{
	hypercall3(BP_CALL_TICK, 1000000, 0, 0);
	how_random();
	hypercall3(BP_CALL_TICK, 0, 0, 0);
	printf("ticks %d\n", ticks > 3);
}

static void how_release(void)
{
	memset(data, 7, sizeof(data));
	printf("result %d\n",
	       (int)map(data, PAGE, READ | WRITE | BP_MAP_RELEASE));
	printf("%d %d %d\n", data[0], data[PAGE - 1], data[PAGE]);
	data[0] = 9;
	printf("%d\n", data[0]);
}

/* More than there is of it at a time: the test limits the tender's memory. */
static void how_release_much(void)
{
	const uint64_t bytes = 16 * LARGE;
	unsigned char *p = aligned_alloc(LARGE, bytes);
	int64_t result = 0;

	for (int i = 0; i < 4 && !result; i++) {
		memset(p, 1, bytes);
		result = map(p, bytes, READ | WRITE | BP_MAP_RELEASE);
	}
	puts("released");
	getchar();
	printf("result %d\n", (int)result);
}

/* What the guest gave up, the tender does not touch for it either. */
static __attribute__((noinline)) void how_buffer(uint64_t bits)
{
	map(data, PAGE, bits);
	printf("write %d\n", (int)hypercall_console_write(1, data + 1, 0));
	printf("random %d\n", (int)hypercall_random(data + PAGE, 16));
	hypercall_random(data + PAGE - 8, 16);
}

/* The page that makes the call. */
static void how_own_code(uint64_t bits)
{
	uint64_t here;

	__asm__("lea 1f(%%rip), %0\n1:" : "=r"(here));
	/* Two pages, as the call may be in the next one. */
	printf("result %d\n",
	       (int)map((void *)(here & ~(PAGE - 1)), 2 * PAGE, bits));
}

static __attribute__((noinline)) void how_touch(const char *what, uint64_t bits)
{
	printf("result %d\n", (int)map(data, PAGE, bits));
	if (!strcmp(what, "read"))
		printf("%d\n", *(volatile unsigned char *)data);
	else
		*(volatile unsigned char *)data = 2;
	puts("touched");
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	uint64_t value = argc > 2 ? value_of(argv[2]) : 0;

	if (!strcmp(how, "call") && argc == 5)
		printf("result %d\n", (int)map((void *)value, value_of(argv[3]),
					       value_of(argv[4])));
	else if (!strcmp(how, "buffer"))
		how_buffer(value);
	else if (!strcmp(how, "own-code"))
		how_own_code(value);
	else if (!strcmp(how, "read") || !strcmp(how, "write"))
		how_touch(how, value);
	else if (!strcmp(how, "release-much"))
		how_release_much();
	else if (!strcmp(how, "release"))
		how_release();
	else if (listen_to(1 << BP_UPCALL_TRAP | 1 << BP_UPCALL_TICK))
		return 1;
	else if (!strcmp(how, "random"))
		how_random();
	else if (!strcmp(how, "random-ticks"))
		how_random_ticks();
	return 0;
}
