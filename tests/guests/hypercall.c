/* SPDX-License-Identifier: ISC */
/*
 * Makes one hypercall exactly as told:
 *
 *	hypercall NUMBER [ARGUMENT [ARGUMENT...]]	up to five
 *	hypercall NUMBER ARGUMENT... -- ADDRESS BYTES...
 *
 * and prints "result N". What follows "--" is a segment list, which `list`
 * names. A number is decimal, or hexadecimal with 0x, or a name of the table
 * below, with +N or -N behind it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot_info.h"
#include "hypercall_x86_64.h"
#include "memory_map.h"

#define MAX_ARGS 5
/* More than the tender takes. */
#define MAX_LIST 128

/* Known contents around everything that must not be written. */
#define CANARY 0x5a

static const unsigned char rodata[8192] = {'c', 'o', 'n', 's', 't'};
static unsigned char data[65536] __attribute__((aligned(4096))) = {1};
static struct bp_segment list[MAX_LIST];
static size_t list_count;

static const struct bp_boot_info *boot(void)
{
	return (const struct bp_boot_info *)BP_BOOT_INFO_GPA;
}

static uint64_t name_value(const char *name, size_t bytes)
{
	const struct bp_boot_info *b = boot();
	uint64_t boot_end = (BP_BOOT_INFO_GPA + b->size_bytes + 4095) & ~4095UL;
	const struct {
		const char *name;
		uint64_t value;
	} names[] = {
		{"boot", BP_BOOT_INFO_GPA},
		{"boot_end", boot_end},
		{"text", (uintptr_t)name_value},
		{"rodata", (uintptr_t)rodata},
		{"data", (uintptr_t)data},
		{"list", (uintptr_t)list},
		{"heap", b->heap_start},
		{"guard", b->heap_end},
		{"stack", b->stack_start},
		{"end", b->mem_bytes},
		{"max", UINT64_MAX},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i].name) == bytes &&
		    !memcmp(name, names[i].name, bytes))
			return names[i].value;
	fprintf(stderr, "unknown name in '%s'\n", name);
	exit(2);
}

static uint64_t value_of(const char *text)
{
	size_t bytes = strcspn(text, "+-");
	uint64_t value;

	if (*text >= '0' && *text <= '9')
		return strtoull(text, NULL, 0);
	value = name_value(text, bytes);
	if (text[bytes] == '+')
		value += strtoull(text + bytes + 1, NULL, 0);
	if (text[bytes] == '-')
		value -= strtoull(text + bytes + 1, NULL, 0);
	return value;
}

static void read_list(char **argv)
{
	for (; argv[0] && argv[1]; argv += 2) {
		if (list_count == MAX_LIST)
			exit(2);
		list[list_count].gpa = value_of(argv[0]);
		list[list_count++].bytes = value_of(argv[1]);
	}
}

/* Whether all of `data` still is as it was. */
static const char *state_of_data(void)
{
	for (size_t i = 0; i < sizeof(data); i++)
		if (data[i] != CANARY)
			return "changed";
	return "untouched";
}

int main(int argc, char **argv)
{
	uint64_t number, arg[MAX_ARGS] = {0};
	int64_t result;
	int n = 0;

	if (argc < 2)
		return 2;
	for (int i = 2; i < argc && n < MAX_ARGS && strcmp(argv[i], "--"); i++)
		arg[n++] = value_of(argv[i]);
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--"))
			read_list(argv + i + 1);
	number = value_of(argv[1]);
	memset(data, CANARY, sizeof(data));
	puts("before");
	result = hypercall5((unsigned)number, arg[0], arg[1], arg[2], arg[3],
			    arg[4]);
	printf("result %" PRId64 "\n", result);
	printf("data %s\n", state_of_data());
	return 0;
}
