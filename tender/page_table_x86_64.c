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

/* In what points to a table. */
#define TABLE_BITS (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED)

#define ENTRIES	    512ULL
#define LARGE_BYTES (ENTRIES * BP_PAGE_BYTES) /* one page directory entry */
#define GIANT_BYTES (ENTRIES * LARGE_BYTES)   /* one page directory */
#define TOP_BYTES   (ENTRIES * GIANT_BYTES)   /* one top table entry */

_Static_assert(BP_MEM_MAX_BYTES <= TOP_BYTES, "one top table entry is enough");
_Static_assert(BP_DISKS_END <= (ENTRIES - 1) * TOP_BYTES,
	       "windows have others, and not the last");

/* Large pages, but for those at the end: 4 KiB for each 1 GiB of a disk. */
static uint64_t window_tables(uint64_t bytes)
{
	/* A window may begin and end within a table, and has its small pages.
	 */
	uint64_t ends = 5ULL * GUEST_MAX_WINDOWS;

	return bytes ? bytes / GIANT_BYTES + bytes / TOP_BYTES + ends : 0;
}

uint64_t page_table_bytes(uint64_t mem_bytes, uint64_t window_bytes)
{
	/* Each end of a region may need a table of small pages of its own. */
	uint64_t small = 2ULL * (GUEST_MAX_REGIONS + TRAP_PAGE_COUNT);
	uint64_t directories = mem_bytes / GIANT_BYTES + 1;

	/* Later, each large page may be split. */
	uint64_t split = mem_bytes / LARGE_BYTES;

	return (2 + directories + small + split + window_tables(window_bytes)) *
	       BP_PAGE_BYTES;
}

/* The tables lie behind guest memory, out of guest_mem_range()'s reach. */
static uint64_t *table_at(const struct page_table *b, uint64_t gpa)
{
	assert(gpa >= b->mem->bytes &&
	       gpa <= b->mem->mapped_bytes - BP_PAGE_BYTES);
	return (uint64_t *)(void *)(b->mem->base + gpa);
}

static uint64_t table_new(struct page_table *b)
{
	uint64_t gpa = b->next;

	b->next += BP_PAGE_BYTES;
	return gpa;
}

/* The table that entry @index of @table points to, made when not there. */
static uint64_t *table_below(struct page_table *b, uint64_t *table,
			     uint64_t index)
{
	if (!(table[index] & PTE_PRESENT))
		table[index] = table_new(b) | TABLE_BITS;
	assert(!(table[index] & PTE_LARGE));
	return table_at(b, table[index] & PTE_ADDRESS);
}

static void map_range(struct page_table *b, uint64_t start, uint64_t end,
		      uint64_t bits)
{
	uint64_t *top = table_at(b, b->top);

	bits |= PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY;
	while (start < end) {
		uint64_t *pointers = table_below(b, top, start / TOP_BYTES);
		uint64_t *directory =
			table_below(b, pointers, start / GIANT_BYTES % ENTRIES);
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

void page_table_build(struct page_table *tables, struct guest_mem *mem)
{
	*tables = (struct page_table){.mem = mem, .next = mem->bytes};
	tables->top = table_new(tables);
	table_at(tables, tables->top)[ENTRIES - 1] = tables->top | PTE_PRESENT |
						     PTE_WRITE | PTE_ACCESSED |
						     PTE_DIRTY | PTE_NO_EXEC;
	map_range(tables, TRAP_TABLES_GPA, TRAP_TABLES_GPA + BP_PAGE_BYTES,
		  access_bits(GUEST_READ));
	map_range(tables, TRAP_STUBS_GPA, TRAP_STUBS_GPA + BP_PAGE_BYTES,
		  access_bits(GUEST_READ | GUEST_EXEC));
	map_range(tables, TRAP_STACK_GPA, TRAP_STACK_GPA + BP_PAGE_BYTES,
		  access_bits(GUEST_READ | GUEST_WRITE));
	map_range(tables, TRAP_LIST_GPA, TRAP_LIST_GPA + BP_PAGE_BYTES,
		  access_bits(GUEST_READ));
	for (unsigned i = 0; i < mem->region_count; i++)
		map_range(tables, mem->region[i].start, mem->region[i].end,
			  PTE_USER | access_bits(mem->region[i].access));
	for (unsigned i = 0; i < mem->window_count; i++)
		map_range(tables, mem->window[i].start, mem->window[i].end,
			  PTE_USER | access_bits(GUEST_READ));
}

/*
 * An entry for ring 3. Without any access it keeps what else is known of the
 * page, which the CPU does not look at.
 */
static uint64_t user_entry(uint64_t gpa, unsigned access)
{
	return gpa | access_bits(access) | PTE_USER | PTE_ACCESSED | PTE_DIRTY |
	       (access ? PTE_PRESENT : 0);
}

static uint64_t entry_address(uint64_t gpa)
{
	return PAGE_TABLE_ENTRIES + gpa / BP_PAGE_BYTES * sizeof(uint64_t);
}

/* A directory is found as the page that the entries of tables are in. */
static uint64_t directory_entry_address(uint64_t gpa)
{
	return entry_address(PAGE_TABLE_ENTRIES % (1ULL << 48)) +
	       gpa / LARGE_BYTES * sizeof(uint64_t);
}

static const uint64_t *directory_entry(struct page_table *tables, uint64_t gpa)
{
	uint64_t *top = table_at(tables, tables->top);
	uint64_t *pointers = table_below(tables, top, 0);
	uint64_t *directory = table_below(tables, pointers, gpa / GIANT_BYTES);

	return &directory[gpa / LARGE_BYTES % ENTRIES];
}

/* A table of small pages like the large one there but for [start, end). */
static uint64_t split(struct page_table *tables, uint64_t start, uint64_t end,
		      unsigned access)
{
	uint64_t entry = *directory_entry(tables, start);
	uint64_t gpa = table_new(tables), *table = table_at(tables, gpa);
	uint64_t first = start / LARGE_BYTES * LARGE_BYTES;

	entry &= ~(PTE_ADDRESS | PTE_LARGE);
	for (uint64_t i = 0; i < ENTRIES; i++) {
		uint64_t page = first + i * BP_PAGE_BYTES;

		table[i] = page >= start && page < end
				   ? user_entry(page, access)
				   : page | entry;
	}
	return gpa | TABLE_BITS;
}

/* How far one entry reaches that is changed for [start, end), and where it is.
 */
static uint64_t one_entry(struct page_table *tables, uint64_t start,
			  uint64_t end, uint64_t *address)
{
	uint64_t large_end = (start / LARGE_BYTES + 1) * LARGE_BYTES;

	if (*directory_entry(tables, start) & PTE_LARGE) {
		*address = directory_entry_address(start);
		return end < large_end ? end : large_end;
	}
	*address = entry_address(start);
	return start + BP_PAGE_BYTES;
}

static uint64_t new_value(struct page_table *tables, uint64_t start,
			  uint64_t end, unsigned access)
{
	if (!(*directory_entry(tables, start) & PTE_LARGE))
		return user_entry(start, access);
	if (end - start == LARGE_BYTES)
		return user_entry(start, access) | PTE_LARGE;
	return split(tables, start, end, access);
}

unsigned page_table_change(struct page_table *tables, uint64_t *start,
			   uint64_t end, unsigned access, uint64_t *address,
			   uint64_t *list, unsigned most)
{
	uint64_t next, at;
	unsigned n = 0;

	for (; *start < end && n < most; *start = next, n++) {
		next = one_entry(tables, *start, end, &at);
		if (n && at != *address + n * sizeof(*list))
			break;
		if (!n)
			*address = at;
		list[n] = new_value(tables, *start, next, access);
	}
	return n;
}
