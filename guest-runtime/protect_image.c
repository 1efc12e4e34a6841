/* SPDX-License-Identifier: ISC */
/*
 * Memory that was there from the start: the segments of the image, which
 * program headers tell, and the first thread's stack. What the runtime keeps
 * for itself lies in pages of its own among them, but for the first of the data
 * (image_x86_64.ld); these stay as they are, or it could not go on.
 */
#include <elf.h>
#include <errno.h>
#include <sys/mman.h>

#include "hypercall_x86_64.h"
#include "memory_map.h"
#include "protect.h"
#include "runtime.h"

/* image_x86_64.ld */
extern char __rt_data_start[], __rt_data_end[];
extern char __rt_bss_start[], __rt_bss_end[];

static uintptr_t page_of(uintptr_t address)
{
	return address & ~(BP_PAGE_BYTES - 1);
}

static uintptr_t page_up(uintptr_t address)
{
	return page_of(address + BP_PAGE_BYTES - 1);
}

/* Where the area ends that @page is in; 0: in none. */
static uintptr_t area_end(uintptr_t page)
{
	const Elf64_Phdr *h = (const void *)__rt_boot->phdr_gpa;
	unsigned count = h ? __rt_boot->phdr_count : 0;

	for (; count; count--, h++)
		if (h->p_type == PT_LOAD && page >= page_of(h->p_vaddr) &&
		    page < h->p_vaddr + h->p_memsz)
			return page_up(h->p_vaddr + h->p_memsz);
	return page >= __rt_boot->stack_start && page < __rt_boot->stack_end
		       ? __rt_boot->stack_end
		       : 0;
}

/* Less write without read: hypercall `map`. */
static uint64_t access_of(int protection)
{
	uint64_t access =
		(unsigned)protection & (PROT_READ | PROT_WRITE | PROT_EXEC);

	return access ? access | PROT_READ : 0;
}

static long set(uintptr_t start, uintptr_t end, uint64_t access)
{
	long status;

	if (start >= end)
		return 0;
	status = hypercall_map(start, end - start, access);
	if (status == -BP_INVALID)
		return -EACCES;
	return status < 0 ? -ENOMEM : 0;
}

/* All of [start, end) that is not [from, to). */
static long set_around(uintptr_t start, uintptr_t end, uintptr_t from,
		       uintptr_t to, uint64_t access)
{
	long err = set(start, end < from ? end : from, access);

	return err ? err : set(start > to ? start : to, end, access);
}

/* The runtime's data come before its bss. */
static long set_but_own(uintptr_t start, uintptr_t end, uint64_t access)
{
	uintptr_t data_end = page_up((uintptr_t)__rt_data_end);
	uintptr_t middle = data_end;
	long err;

	if (middle < start)
		middle = start;
	if (middle > end)
		middle = end;
	err = set_around(start, middle, page_of((uintptr_t)__rt_data_start),
			 data_end, access);
	return err ? err
		   : set_around(middle, end, (uintptr_t)__rt_bss_start,
				(uintptr_t)__rt_bss_end, access);
}

long __rt_protect_image(uintptr_t start, uintptr_t end, int protection)
{
	uintptr_t next;
	long err = 0;

	for (; !err && start < end; start = next) {
		next = area_end(start);
		if (!next)
			return -ENOMEM;
		if (next > end)
			next = end;
		err = set_but_own(start, next, access_of(protection));
	}
	return err;
}
