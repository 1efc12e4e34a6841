/* SPDX-License-Identifier: ISC */
/*
 * Hypercalls that no honest guest makes.
 *
 *   call NUMBER [ARGUMENT...]  makes one, of places by name (below) or numbers
 *   random SEED COUNT          makes so many at random, or is ended before
 *
 * Says "back" when it is not ended.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot_info.h"
#include "hypercall.h"
#include "memory_map.h"

extern const struct bp_boot_info *__rt_boot;

static uint64_t list[2 * 64] __attribute__((aligned(4096)));
static char text[] = "hostile";

static uint64_t call(uint64_t number, const uint64_t *arg)
{
	register uint64_t r8 __asm__("r8") = arg[3];
	register uint64_t r9 __asm__("r9") = arg[4];
	uint64_t result;

	__asm__ volatile("out	%%eax, %%dx"
			 : "=a"(result)
			 : "d"(BP_PORT_BASE + number), "D"(arg[0]), "S"(arg[1]),
			   "c"(arg[2]), "r"(r8), "r"(r9)
			 : "memory");
	return result;
}

static uint64_t mem_bytes(void)
{
	const struct bp_boot_info *info = (const void *)BP_BOOT_INFO_GPA;

	return info->mem_bytes;
}

static uint64_t stack_end(void)
{
	const struct bp_boot_info *info = (const void *)BP_BOOT_INFO_GPA;

	return info->stack_end;
}

static uint64_t place(unsigned i)
{
	const uint64_t places[] = {
		0,
		1,
		-1ULL,
		8,
		511,
		512,
		4096,
		65535,
		BP_SUPERVISOR_END - 4096, /* the trap stack, or about there */
		BP_BOOT_INFO_GPA,
		BP_BOOT_INFO_GPA + 8,
		(uintptr_t)place,
		(uintptr_t)text,
		(uintptr_t)list,
		(uintptr_t)list + 1,
		(uintptr_t)list - 8,
		(uintptr_t)&i,
		stack_end() - 1,
		stack_end() - 16,
		mem_bytes(),
		mem_bytes() + 4096, /* page tables */
		1ULL << 32,
		1ULL << 47,
		1ULL << 63,
		-4096ULL,
		-16ULL,
	};

	return places[i % (sizeof(places) / sizeof(places[0]))];
}

static uint64_t value(const char *word)
{
	if (!strcmp(word, "list"))
		return (uintptr_t)list;
	if (*word == 'p')
		return place((unsigned)atoi(word + 1));
	return strtoull(word, NULL, 0);
}

static uint64_t next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> 33;
}

/* No exit, and no wait for ever. */
static void random_calls(uint64_t seed, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t arg[5], number = 1 + next(&seed) % 31;

		for (unsigned j = 0; j < 5; j++)
			arg[j] = place((unsigned)next(&seed));
		if (number == BP_CALL_WAIT)
			arg[0] %= 1000;
		for (unsigned j = 0; j < 128; j++)
			list[j] = place((unsigned)next(&seed));
		call(number, arg);
	}
}

int main(int argc, char **argv)
{
	uint64_t arg[5] = {0};

	/* A list that names itself, and what it must not. */
	for (unsigned i = 0; i < 64; i++) {
		list[2 * i] = (uintptr_t)list + 16 * i;
		list[2 * i + 1] = 512;
	}
	if (argc > 3 && !strcmp(argv[1], "random")) {
		random_calls(strtoull(argv[2], NULL, 0),
			     (unsigned)atoi(argv[3]));
	} else {
		for (int i = 3; i < argc && i < 8; i++)
			arg[i - 3] = value(argv[i]);
		call(value(argv[2]), arg);
	}
	puts("back");
	return 0;
}
