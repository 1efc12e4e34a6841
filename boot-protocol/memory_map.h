/* SPDX-License-Identifier: ISC */
/*
 * Guest address space, x86-64. Guest virtual = guest physical everywhere, so
 * one number names a byte for the guest, the tender and a debugger.
 *
 *	0x0000000  page 0, never mapped
 *	0x0001000  supervisor pages of the tender: descriptor tables, trap
 *	           stubs, trap stack. Not accessible from ring 3.
 *	0x0010000  boot info, read-only
 *	0x0100000  the image's segments, each with exactly its own permissions
 *	...        heap: readable and writable, never executable
 *	           guard page, never mapped
 *	...        stack, ends at the end of memory or, since 1.3, before it
 *	0x2000000000  disks that are mapped, read-only, with gaps between them
 *
 * All values are bytes or addresses; every boundary is a multiple of
 * BP_PAGE_BYTES. See SPEC.md, "Memory map".
 */
#ifndef BP_MEMORY_MAP_H
#define BP_MEMORY_MAP_H

#define BP_PAGE_BYTES 0x1000ULL

/* [start, end) of what only the tender's ring-0 stubs may touch. */
#define BP_SUPERVISOR_START 0x1000ULL
#define BP_SUPERVISOR_END   0x10000ULL

/* struct bp_boot_info and its tables; at most up to BP_BOOT_INFO_END. */
#define BP_BOOT_INFO_GPA 0x10000ULL
#define BP_BOOT_INFO_END 0x100000ULL

/* Lowest address an image segment may have; imgbuild links here. */
#define BP_IMAGE_BASE 0x100000ULL

/* Guest memory: any multiple of a page between these two. */
#define BP_MEM_MIN_BYTES 0x200000ULL	 /* 2 MiB */
#define BP_MEM_MAX_BYTES 0x1000000000ULL /* 64 GiB */

/*
 * Mapped disks lie between these two. They are not guest memory: no hypercall
 * takes an address here.
 */
#define BP_DISKS_START 0x2000000000ULL	 /* 128 GiB */
#define BP_DISKS_END   0x100000000000ULL /* 16 TiB */

/*
 * The stack is an eighth of memory, rounded down to a page, but never more
 * than this. Below it lies one unmapped guard page.
 */
#define BP_STACK_MAX_BYTES 0x800000ULL /* 8 MiB */
#define BP_STACK_SHARE	   8ULL
#define BP_GUARD_BYTES	   BP_PAGE_BYTES

/*
 * Since 1.3: up to this share of memory lies unused between image and heap, and
 * as much behind the stack, so that nobody knows in advance where they are.
 * RSP is a multiple of BP_STACK_ALIGN_BYTES in the stack's last page.
 */
#define BP_GAP_SHARE	     64ULL
#define BP_STACK_ALIGN_BYTES 16ULL

/* An image needs at least this much heap between itself and the guard. */
#define BP_HEAP_MIN_BYTES 0x10000ULL

_Static_assert(BP_SUPERVISOR_START >= BP_PAGE_BYTES, "page 0 stays unmapped");
_Static_assert(BP_SUPERVISOR_END <= BP_BOOT_INFO_GPA,
	       "supervisor pages and boot info overlap");
_Static_assert(BP_BOOT_INFO_END <= BP_IMAGE_BASE,
	       "boot info and image overlap");
_Static_assert(BP_IMAGE_BASE + BP_HEAP_MIN_BYTES + BP_GUARD_BYTES +
			       BP_MEM_MIN_BYTES / BP_STACK_SHARE <
		       BP_MEM_MIN_BYTES,
	       "the smallest memory holds an image, a heap and a stack");
_Static_assert(BP_MEM_MAX_BYTES * 2 <= BP_DISKS_START,
	       "page tables fit between memory and disks");
_Static_assert(BP_MEM_MIN_BYTES % BP_PAGE_BYTES == 0 &&
		       BP_MEM_MAX_BYTES % BP_PAGE_BYTES == 0,
	       "memory is whole pages");

#endif
