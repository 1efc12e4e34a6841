/* SPDX-License-Identifier: ISC */
/*
 * The supervisor pages: descriptor tables, trap stubs, trap stack. Written by
 * the tender before the guest starts, never by the guest.
 */
#ifndef TRAP_X86_64_H
#define TRAP_X86_64_H

#include <stdbool.h>
#include <stdint.h>

#include "memory_map.h"

struct guest_mem;
struct vcpu_exit;

#define TRAP_TABLES_GPA 0x1000ULL /* GDT, TSS, IDT; read-only */
#define TRAP_STUBS_GPA	0x2000ULL /* code */
#define TRAP_STACK_GPA	0x3000ULL
#define TRAP_LIST_GPA	0x4000ULL /* of entries to write; read-only */
#define TRAP_PAGE_COUNT 4

_Static_assert(TRAP_TABLES_GPA >= BP_SUPERVISOR_START &&
		       TRAP_LIST_GPA + BP_PAGE_BYTES <= BP_SUPERVISOR_END,
	       "supervisor pages are in their place");

/* Inside TRAP_TABLES_GPA. */
#define TRAP_GDT_GPA   TRAP_TABLES_GPA
#define TRAP_GDT_BYTES 0x48u
#define TRAP_TSS_GPA   (TRAP_TABLES_GPA + 0x100)
#define TRAP_TSS_BYTES 0x110u
#define TRAP_IDT_GPA   (TRAP_TABLES_GPA + 0x400)
#define TRAP_IDT_BYTES 0x200u

#define TRAP_SELECTOR_KERNEL_CODE 0x08
#define TRAP_SELECTOR_KERNEL_DATA 0x10
#define TRAP_SELECTOR_USER_DATA	  0x2b
#define TRAP_SELECTOR_USER_CODE	  0x33
#define TRAP_SELECTOR_TSS	  0x38

/* A stub reports by `out %eax, $TRAP_PORT`; closed to ring 3. */
#define TRAP_PORT 0xf4

/* What a stub leaves on the trap stack (Intel SDM volume 3, 6.14.2). */
struct trap_frame {
	uint64_t vector;
	uint64_t error;
	uint64_t rip;
	uint64_t cs;
	uint64_t rflags;
	uint64_t rsp;
	uint64_t ss;
};

/*
 * Ring-0 code that copies RCX entries of the list, from RSI to RDI, flushes all
 * translations, and ends like a stub at TRAP_WRITER_END. One instruction for
 * all of them, as some hosts interpret each. Uses RAX as well.
 */
#define TRAP_WRITER_GPA (TRAP_STUBS_GPA + 0x200)
#define TRAP_WRITER_END (TRAP_WRITER_GPA + 9)

/* Writes the pages, but for the list. */
void trap_pages_write(struct guest_mem *mem);

/* The page at TRAP_LIST_GPA. */
void *trap_list(struct guest_mem *mem);

/* Whether @rip, and so the `out` it stands at, is a stub's. */
bool trap_is_stub(uint64_t rip);

/* The frame that a stub running with @rsp left; false if it cannot be. */
bool trap_frame_read(const struct guest_mem *mem, uint64_t rsp,
		     struct trap_frame *frame);

/*
 * Whether the guest's code at @pc is an `in` or `out`: where ports are closed,
 * it shows as a general protection fault.
 */
bool trap_is_port_io(const struct guest_mem *mem, uint64_t pc);

/*
 * Says what an exception means: fills @exit with VCPU_TRAP. @cr2 is the
 * faulting address of a page fault.
 */
void trap_describe(const struct guest_mem *mem, const struct trap_frame *frame,
		   uint64_t cr2, struct vcpu_exit *exit);

#endif
