/* SPDX-License-Identifier: ISC */
/*
 * THEORY OF OPERATION
 * The tender maps all of the heap to be read and written. What the program
 * takes away of that is a byte a page here, and known to the tender by the
 * hypercall `map`. Pages that are given back keep it until they are handed out
 * again, so that memory without protections never costs an exit, and a guard
 * page at the same place as before costs none either.
 */
#include "protect.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "hypercall_x86_64.h"
#include "memory_hook.h"
#include "memory_map.h"
#include "runtime.h"

#define READ_WRITE (PROT_READ | PROT_WRITE)

/* Less is not worth an exit, and a fault for each page on the host. */
#define RELEASE_BYTES (4UL << 20)

size_t __rt_protected_pages;

static uint8_t *lacks; /* of READ_WRITE, for each page of the heap */
static uintptr_t first;

static long begin(void)
{
	size_t pages = __rt_memory_total() / BP_PAGE_BYTES + 1;

	if (lacks)
		return 0;
	lacks = __rt_memory_take_zeroed(pages);
	first = __rt_heap_start;
	return lacks ? 0 : -ENOMEM;
}

static size_t index_of(uintptr_t page)
{
	return (page - first) / BP_PAGE_BYTES;
}

static uint8_t lacking(int protection)
{
	if (protection & PROT_WRITE)
		return 0;
	return (uint8_t)(READ_WRITE & ~protection);
}

/* As far as it goes from @start on with what the first page lacks. */
static uintptr_t run_end(uintptr_t start, uintptr_t end)
{
	uint8_t like = lacks[index_of(start)];

	while (start < end && lacks[index_of(start)] == like)
		start += BP_PAGE_BYTES;
	return start;
}

static long set_run(uintptr_t start, uintptr_t end, uint8_t wanted)
{
	const uint64_t access = READ_WRITE & ~(uint64_t)wanted;
	size_t pages = (end - start) / BP_PAGE_BYTES;
	uint8_t *at = &lacks[index_of(start)];

	if (*at == wanted)
		return 0;
	if (hypercall_map(start, end - start, access) < 0)
		return -ENOMEM;
	if (!*at)
		__rt_protected_pages += pages;
	else if (!wanted)
		__rt_protected_pages -= pages;
	memset(at, wanted, pages);
	return 0;
}

long __rt_protect(uintptr_t start, uintptr_t end, int protection)
{
	uint8_t wanted = lacking(protection);
	uintptr_t next;
	long err = 0;

	if (!wanted && !__rt_protected_pages)
		return 0;
	err = begin();
	for (; !err && start < end; start = next) {
		next = run_end(start, end);
		err = set_run(start, next, wanted);
	}
	return err;
}

int __rt_protection(uintptr_t page)
{
	return __rt_protected_pages ? READ_WRITE & ~lacks[index_of(page)]
				    : READ_WRITE;
}

/* Page by page, each with its protection. */
static void forget_protected(uintptr_t start, uintptr_t end)
{
	for (; start < end; start += BP_PAGE_BYTES) {
		int protection = __rt_protection(start);

		__rt_protect(start, start + BP_PAGE_BYTES, READ_WRITE);
		memset((void *)start, 0, BP_PAGE_BYTES);
		__rt_protect(start, start + BP_PAGE_BYTES, protection);
	}
}

void __rt_forget(uintptr_t start, uintptr_t end)
{
	uintptr_t at = start;

	while (__rt_protected_pages && at < end &&
	       __rt_protection(at) == READ_WRITE)
		at += BP_PAGE_BYTES;
	if (__rt_protected_pages && at < end)
		forget_protected(start, end);
	else if (end - start < RELEASE_BYTES ||
		 hypercall_map(start, end - start,
			       READ_WRITE | BP_MAP_RELEASE) < 0)
		memset((void *)start, 0, end - start);
}
