/* SPDX-License-Identifier: ISC */
#include "page_table_x86_64.h"

#include <assert.h>

#include "guest_memory.h"
#include "memory_map.h"
#include "trap_x86_64.h"

#define PTE_PRESENT  0x1ULL
#define PTE_WRITE    0x2ULL
#define PTE_USER     0x4ULL
#define PTE_ACCESSED 0x20ULL
#define PTE_DIRTY    0x40ULL
#define PTE_LARGE    0x80ULL
#define PTE_NO_EXEC  (1ULL << 63)
#define PTE_ADDRESS  0x000ffffffffff000ULL

#define ENTRIES	    512ULL
#define LARGE_BYTES (ENTRIES * BP_PAGE_BYTES) /* one page directory entry */
#define GIANT_BYTES (ENTRIES * LARGE_BYTES)   /* one page directory */
#define TOP_BYTES   (ENTRIES * GIANT_BYTES)   /* one top table entry */

_Static_assert(BP_MEM_MAX_BYTES <= TOP_BYTES, "one top table entry is enough");

struct builder {
	struct guest_mem *mem;
	uint64_t next; /* address of the next free table page */
	uint64_t top;
};

uint64_t page_table_bytes(uint64_t mem_bytes)
{
	/* Each end of a region may need a table of small pages of its own. */
	uint64_t small = 2ULL * (GUEST_MAX_REGIONS + TRAP_PAGE_COUNT);
	uint64_t directories = mem_bytes / GIANT_BYTES + 1;

	return (2 + directories + small) * BP_PAGE_BYTES;
}

/* The tables lie behind guest memory, out of guest_mem_range()'s reach. */
static uint64_t *table_at(const struct builder *b, uint64_t gpa)
{
	assert(gpa >= b->mem->bytes &&
	       gpa <= b->mem->mapped_bytes - BP_PAGE_BYTES);
	return (uint64_t *)(void *)(b->mem->base + gpa);
}

static uint64_t table_new(struct builder *b)
{
	uint64_t gpa = b->next;

	b->next += BP_PAGE_BYTES;
	return gpa;
}

/* The table that entry @index of @table points to, made when not there. */
static uint64_t *table_below(struct builder *b, uint64_t *table, uint64_t index)
{
	if (!(table[index] & PTE_PRESENT))
		table[index] = table_new(b) | PTE_PRESENT | PTE_WRITE |
			       PTE_USER | PTE_ACCESSED;
	assert(!(table[index] & PTE_LARGE));
	return table_at(b, table[index] & PTE_ADDRESS);
}

static void map_range(struct builder *b, uint64_t start, uint64_t end,
		      uint64_t bits)
{
	uint64_t *pointers = table_below(b, table_at(b, b->top), 0);

	bits |= PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY;
	while (start < end) {
		uint64_t *directory =
			table_below(b, pointers, start / GIANT_BYTES);
		uint64_t index = start / LARGE_BYTES % ENTRIES;

		if (start % LARGE_BYTES == 0 && end - start >= LARGE_BYTES) {
			directory[index] = start | bits | PTE_LARGE;
			start += LARGE_BYTES;
		} else {
			uint64_t *small = table_below(b, directory, index);

			small[start / BP_PAGE_BYTES % ENTRIES] = start | bits;
			start += BP_PAGE_BYTES;
		}
	}
}

static uint64_t access_bits(unsigned access)
{
	return (access & GUEST_WRITE ? PTE_WRITE : 0) |
	       (access & GUEST_EXEC ? 0 : PTE_NO_EXEC);
}

uint64_t page_table_build(struct guest_mem *mem)
{
	struct builder b = {.mem = mem, .next = mem->bytes};

	b.top = table_new(&b);
	map_range(&b, TRAP_TABLES_GPA, TRAP_TABLES_GPA + BP_PAGE_BYTES,
		  access_bits(GUEST_READ));
	map_range(&b, TRAP_STUBS_GPA, TRAP_STUBS_GPA + BP_PAGE_BYTES,
		  access_bits(GUEST_READ | GUEST_EXEC));
	map_range(&b, TRAP_STACK_GPA, TRAP_STACK_GPA + BP_PAGE_BYTES,
		  access_bits(GUEST_READ | GUEST_WRITE));
	for (unsigned i = 0; i < mem->region_count; i++)
		map_range(&b, mem->region[i].start, mem->region[i].end,
			  PTE_USER | access_bits(mem->region[i].access));
	return b.top;
}
