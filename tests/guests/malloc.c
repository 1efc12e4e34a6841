/* SPDX-License-Identifier: ISC */
/* The C library's allocator on top of the runtime's memory. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot_info.h"
#include "memory_map.h"

#define BLOCKS 512

#define CHECK(truth)                                               \
	do {                                                       \
		if (!(truth)) {                                    \
			printf("line %d: %s\n", __LINE__, #truth); \
			exit(1);                                   \
		}                                                  \
	} while (0)

static struct {
	unsigned char *p;
	size_t bytes;
	unsigned char fill;
} blocks[BLOCKS];

static uint64_t random_state = 88172645463325252u;

static size_t below(size_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (size_t)(random_state >> 16) % limit;
}

static size_t heap_bytes(void)
{
	const struct bp_boot_info *boot =
		(const struct bp_boot_info *)BP_BOOT_INFO_GPA;

	return boot->heap_end - boot->heap_start;
}

static size_t random_bytes(void)
{
	size_t most[] = {64, 64, 600, 4000, 20000, 300000};

	return 1 + below(most[below(6)]);
}

static int intact(int i, size_t bytes)
{
	for (size_t n = 0; n < bytes; n++)
		if (blocks[i].p[n] != blocks[i].fill)
			return 0;
	return 1;
}

static void fill(int i, unsigned char *p, size_t bytes)
{
	CHECK(p);
	blocks[i].p = p;
	blocks[i].bytes = bytes;
	blocks[i].fill = (unsigned char)(1 + below(255));
	memset(p, blocks[i].fill, bytes);
}

static void new_block(int i)
{
	size_t bytes = random_bytes(), align = (size_t)16 << below(9);
	unsigned char *p;

	switch (below(3)) {
	case 0:
		fill(i, malloc(bytes), bytes);
		break;
	case 1:
		p = calloc(1, bytes);
		CHECK(p);
		for (size_t n = 0; n < bytes; n++)
			CHECK(!p[n]);
		fill(i, p, bytes);
		break;
	default:
		p = aligned_alloc(align, bytes);
		CHECK((uintptr_t)p % align == 0);
		fill(i, p, bytes);
	}
}

static void stress(long times)
{
	for (long round = 0; round < times; round++) {
		int i = (int)below(BLOCKS);
		size_t bytes = random_bytes();
		unsigned char *p;

		if (!blocks[i].p) {
			new_block(i);
			continue;
		}
		CHECK(intact(i, blocks[i].bytes));
		if (below(3)) {
			free(blocks[i].p);
			blocks[i].p = NULL;
			continue;
		}
		p = realloc(blocks[i].p, bytes);
		CHECK(p);
		blocks[i].p = p;
		CHECK(intact(i, bytes < blocks[i].bytes ? bytes
							: blocks[i].bytes));
		fill(i, p, bytes);
	}
	for (int i = 0; i < BLOCKS; i++)
		CHECK(!blocks[i].p || intact(i, blocks[i].bytes));
}

/* Until there is no more, which is a NULL and not the end. */
static void exhaust(long bytes)
{
	void **last = NULL, **p;
	size_t count = 0, again = 0;

	for (int i = 0; i < 3; i++) {
		count = 0;
		while ((p = malloc((size_t)bytes))) {
			*p = last;
			last = p;
			count++;
			CHECK(count < heap_bytes() / (size_t)bytes + 1);
		}
		CHECK(errno == ENOMEM);
		CHECK(count * (size_t)bytes > heap_bytes() / 100 * 80);
		CHECK(!i || count + count / 20 >= again);
		again = count;
		while (last) {
			p = last;
			last = *p;
			free(p);
		}
	}
	printf("%zu blocks\n", count);
}

static void impossible(long unused)
{
	volatile size_t largest = PTRDIFF_MAX, times = 4;
	char *volatile p = malloc(100);

	(void)unused;
	memset(p, 1, 100);
	errno = 0;
	CHECK(!malloc(heap_bytes()) && errno == ENOMEM);
	CHECK(!malloc(largest) && errno == ENOMEM);
	CHECK(!calloc(SIZE_MAX / 2, times));
	CHECK(!realloc(p, (size_t)1 << 50));
	CHECK(p[0] == 1 && p[99] == 1);
	CHECK(malloc(1 << 20));
}

/* Three quarters of memory, at once and in pieces, over and over. */
static void cycles(long times)
{
	size_t bytes = heap_bytes() / 4 * 3;

	for (long i = 0; i < times; i++) {
		char *p = malloc(bytes);

		CHECK(p);
		for (size_t n = 0; n < bytes; n += 4096)
			p[n] = (char)i;
		free(p);
		for (int n = 0; n < BLOCKS; n++)
			CHECK((blocks[n].p = malloc(bytes / BLOCKS)));
		for (int n = 0; n < BLOCKS; n++)
			blocks[n].p[bytes / BLOCKS - 1] = 1;
		for (int n = 0; n < BLOCKS; n++)
			free(blocks[(n * 37) % BLOCKS].p);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(long);
	} behaviours[] = {
		{"stress", stress},
		{"exhaust", exhaust},
		{"impossible", impossible},
		{"cycles", cycles},
	};

	for (size_t i = 0; i < sizeof(behaviours) / sizeof(*behaviours); i++) {
		if (argc > 1 && !strcmp(argv[1], behaviours[i].name)) {
			behaviours[i].run(argc > 2 ? atol(argv[2]) : 0);
			return 0;
		}
	}
	return 2;
}
