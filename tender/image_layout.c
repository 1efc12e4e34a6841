/* SPDX-License-Identifier: ISC */
#include "image_layout.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "guest_memory.h"
#include "image_load.h"
#include "memory_map.h"

/* The first minor version whose images look for heap and stack in boot info. */
#define MINOR_RANDOM 3
#define SP_STEPS     (BP_PAGE_BYTES / BP_STACK_ALIGN_BYTES)

static uint64_t stack_bytes(uint64_t mem_bytes)
{
	uint64_t share = mem_bytes / BP_STACK_SHARE & ~(BP_PAGE_BYTES - 1);

	return share < BP_STACK_MAX_BYTES ? share : BP_STACK_MAX_BYTES;
}

/* Bytes that heap and stack leave over; less than 0: it does not fit. */
static int64_t spare_bytes(const struct image *image, uint64_t mem_bytes)
{
	return (int64_t)(mem_bytes - stack_bytes(mem_bytes)) -
	       (int64_t)(image->end + BP_HEAP_MIN_BYTES + BP_GUARD_BYTES);
}

static int does_not_fit(struct image *image, uint64_t mem_bytes)
{
	uint64_t enough = BP_MEM_MIN_BYTES;

	while (enough <= BP_MEM_MAX_BYTES && spare_bytes(image, enough) < 0)
		enough += 1ULL << 20;
	if (enough > BP_MEM_MAX_BYTES)
		snprintf(image->error, sizeof(image->error),
			 "too large for any guest memory");
	else
		snprintf(image->error, sizeof(image->error),
			 "does not fit into %llu KiB of guest memory; use "
			 "--mem=%lluM or more",
			 (unsigned long long)mem_bytes >> 10,
			 (unsigned long long)enough >> 20);
	return -ENOEXEC;
}

/* The next of @count numbers from 0 on, which uses up a part of *@chance. */
static uint64_t draw(uint64_t *chance, uint64_t count)
{
	uint64_t n = *chance % count;

	*chance /= count;
	return n;
}

int image_lay_out(struct image *image, uint64_t mem_bytes, uint64_t chance,
		  struct image_layout *layout)
{
	int64_t spare = spare_bytes(image, mem_bytes);
	uint64_t gap = mem_bytes / BP_GAP_SHARE;

	if (spare < 0)
		return does_not_fit(image, mem_bytes);
	if (image->abi.minor < MINOR_RANDOM)
		chance = 0;
	/* Where memory is scarce, most of it is still the heap's. */
	if (gap > (uint64_t)spare / 4)
		gap = (uint64_t)spare / 4;
	gap = gap / BP_PAGE_BYTES + 1;
	layout->stack_end = mem_bytes - draw(&chance, gap) * BP_PAGE_BYTES;
	layout->sp = layout->stack_end -
		     draw(&chance, SP_STEPS) * BP_STACK_ALIGN_BYTES;
	layout->heap_start = image->end + draw(&chance, gap) * BP_PAGE_BYTES;
	layout->stack_start = layout->stack_end - stack_bytes(mem_bytes);
	layout->heap_end = layout->stack_start - BP_GUARD_BYTES;
	return 0;
}
