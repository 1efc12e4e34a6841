/* SPDX-License-Identifier: ISC */
/* Where heap and stack lie, by chance or always. */
#include "image_layout.h"

#include <stdlib.h>
#include <string.h>

#include "image_load.h"
#include "memory_map.h"
#include "tap.h"

#define PAGE BP_PAGE_BYTES

static const uint64_t sizes[] = {
	2 << 20, 3 << 20, 17 << 20, 64 << 20, 1 << 30, BP_MEM_MAX_BYTES,
};

static struct image image_of(unsigned minor, uint64_t end)
{
	return (struct image){.abi = {.major = 1, .minor = (uint16_t)minor},
			      .end = end};
}

static uint64_t stack_of(uint64_t mem_bytes)
{
	uint64_t share = mem_bytes / 8 / PAGE * PAGE;

	return share < 8 << 20 ? share : 8 << 20;
}

static void check_rules(const struct image *image, uint64_t mem,
			const struct image_layout *l)
{
	EXPECT(l->heap_start >= image->end &&
		       l->heap_start - image->end <= mem / 64,
	       "a heap at 0x%llx", (unsigned long long)l->heap_start);
	EXPECT(l->stack_end <= mem && mem - l->stack_end <= mem / 64,
	       "a stack to 0x%llx", (unsigned long long)l->stack_end);
	EXPECT(l->stack_end - l->stack_start == stack_of(mem),
	       "a stack of another size");
	EXPECT(l->heap_end == l->stack_start - PAGE, "no guard page");
	EXPECT(l->heap_end >= l->heap_start + 0x10000, "hardly any heap");
	EXPECT(!((l->heap_start | l->stack_end) % PAGE), "parts of pages");
	EXPECT(l->sp <= l->stack_end && l->stack_end - l->sp < PAGE &&
		       !(l->sp % 16),
	       "a stack pointer of 0x%llx", (unsigned long long)l->sp);
}

static void test_rules(void)
{
	uint64_t seed = 5;

	for (unsigned i = 0; i < 200000; i++) {
		uint64_t r = random_next(&seed), mem = sizes[r % 6];
		struct image image = image_of(3, 0x100000);
		struct image_layout l;
		uint64_t most = mem - stack_of(mem) - PAGE - 0x10000;

		/* Now and then it fills memory, or all but some pages of it. */
		if (r >> 8 & 1)
			image.end = most - (r >> 9) % 64 * PAGE;
		EXPECT(!image_lay_out(&image, mem, random_next(&seed), &l),
		       "refused: %s", image.error);
		check_rules(&image, mem, &l);
	}
	promise("whatever the chance, heap and stack have their sizes, a guard "
		"and room, and an image that fits is not refused");
}

static void test_refused(void)
{
	uint64_t most = (64 << 20) - (8 << 20) - PAGE - 0x10000;
	uint64_t seed = 6;

	for (unsigned i = 0; i < 1000; i++) {
		struct image image = image_of(3, most + PAGE);
		struct image_layout l;

		EXPECT(image_lay_out(&image, 64 << 20, random_next(&seed), &l) <
			       0,
		       "laid out");
	}
	promise("an image that does not fit is refused, whatever the chance");
}

/* Whether each of @count places was seen. */
static bool all_seen(const bool *seen, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (!seen[i])
			return false;
	return true;
}

static void test_spread(void)
{
	bool heap[257] = {false}, stack[257] = {false}, sp[256] = {false};
	uint64_t seed = 7;

	for (unsigned i = 0; i < 20000; i++) {
		struct image image = image_of(3, 0x110000);
		struct image_layout l;

		if (image_lay_out(&image, 64 << 20, random_next(&seed), &l))
			exit(1);
		heap[(l.heap_start - image.end) / PAGE] = true;
		stack[((64 << 20) - l.stack_end) / PAGE] = true;
		sp[(l.stack_end - l.sp) / 16] = true;
	}
	EXPECT(all_seen(heap, 257) && all_seen(stack, 257) && all_seen(sp, 256),
	       "places that never come");
	promise("with 64 MiB, heap and stack are at any of 257 pages, and the "
		"stack pointer at any of 256 places");
}

static void test_fixed(void)
{
	for (unsigned minor = 0; minor <= 3; minor++)
		for (unsigned i = 0; i < 6; i++) {
			struct image image = image_of(minor, 0x123000);
			struct image_layout l;

			if (image_lay_out(&image, sizes[i],
					  minor == 3 ? 0 : ~0ULL, &l))
				exit(1);
			EXPECT(l.heap_start == 0x123000 &&
				       l.stack_end == sizes[i] &&
				       l.sp == sizes[i],
			       "ABI 1.%u: moved", minor);
		}
	promise("without chance, and for an image older than ABI 1.3, nothing "
		"moves");
}

int main(void)
{
	test_rules();
	test_refused();
	test_spread();
	test_fixed();
	return promises_end();
}
