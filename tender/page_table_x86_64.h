/* SPDX-License-Identifier: ISC */
/* The guest's page tables (Intel SDM volume 3, 4.5 "4-level paging"). */
#ifndef PAGE_TABLE_X86_64_H
#define PAGE_TABLE_X86_64_H

#include <stdint.h>

struct guest_mem;

/*
 * Ring 0 has all tables mapped from here on, at entry N that of page N: the
 * last entry of the top table leads to that table itself.
 */
#define PAGE_TABLE_ENTRIES 0xffffff8000000000ULL

struct page_table {
	struct guest_mem *mem;
	uint64_t top;  /* address of the top table (CR3) */
	uint64_t next; /* of the next free table page */
};

/*
 * Bytes of tables that there can be behind @mem_bytes, in the end, with windows
 * of @window_bytes altogether.
 */
uint64_t page_table_bytes(uint64_t mem_bytes, uint64_t window_bytes);

/*
 * Builds tables that map each region of @mem to itself with exactly its
 * access, for ring 3, each window to be read, and the supervisor pages of
 * trap_x86_64.h for ring 0 only. Nothing else is mapped, but the tables, for
 * ring 0 only.
 */
void page_table_build(struct page_table *tables, struct guest_mem *mem);

/*
 * Lists entries that have to be written, one behind the other, from *@address
 * on, so that pages from *@start on, to @end at most, get exactly @access. They
 * are pages of regions. At most @most entries; *@start is where to go on. How
 * many there are. They take effect when the guest's CPU, in ring 0, has written
 * all of them and flushed its translations.
 */
unsigned page_table_change(struct page_table *tables, uint64_t *start,
			   uint64_t end, unsigned access, uint64_t *address,
			   uint64_t *list, unsigned most);

#endif
