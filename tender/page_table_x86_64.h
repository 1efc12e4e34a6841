/* SPDX-License-Identifier: ISC */
/* The guest's page tables (Intel SDM volume 3, 4.5 "4-level paging"). */
#ifndef PAGE_TABLE_X86_64_H
#define PAGE_TABLE_X86_64_H

#include <stdint.h>

struct guest_mem;

/* Bytes of tables that page_table_build() may need behind @mem_bytes. */
uint64_t page_table_bytes(uint64_t mem_bytes);

/*
 * Builds tables that map each region of @mem to itself with exactly its
 * access, for ring 3, and the supervisor pages of trap_x86_64.h for ring 0
 * only. Nothing else is mapped, the tables themselves included. Returns the
 * address of the top table (CR3).
 */
uint64_t page_table_build(struct guest_mem *mem);

#endif
