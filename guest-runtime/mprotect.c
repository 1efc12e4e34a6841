/* SPDX-License-Identifier: ISC */
/*
 * mprotect(2). What is shared with a file the runtime reads at any time, and
 * writes to with leave of its own (__rt_page_put); the program may at least
 * read it.
 */
#include <errno.h>
#include <sys/mman.h>

#include "extent.h"
#include "file_map.h"
#include "memory_map.h"
#include "memory_range.h"
#include "protect.h"
#include "rt_syscall.h"

static long protect_shared(uintptr_t start, size_t bytes, int protection)
{
	int writable = protection & PROT_WRITE;
	long err = __rt_shared_maps->protect(start, bytes, writable);

	return err ? err
		   : __rt_protect(start, start + bytes, protection | PROT_READ);
}

long __rt_protect_mapped(uintptr_t start, size_t bytes, int protection)
{
	long err = 0;

	if (protection & PROT_WRITE || __rt_shared_maps->is_alone(start))
		err = protect_shared(start, bytes, protection);
	if (!err)
		return (long)start;
	__rt_sys_munmap(start, bytes);
	return err;
}

long __rt_sys_mprotect(uintptr_t start, size_t bytes, int protection)
{
	size_t whole = (bytes + BP_PAGE_BYTES - 1) & ~(BP_PAGE_BYTES - 1);

	if (start % BP_PAGE_BYTES)
		return -EINVAL;
	if (whole < bytes || start + whole < start)
		return -ENOMEM;
	if (!whole)
		return 0;
	if (!__rt_in_heap(start, &bytes))
		return __rt_protect_image(start, start + whole, protection);
	if (protection & PROT_EXEC)
		return -EACCES;
	if (__rt_extent_some_free(start, start + whole))
		return -ENOMEM;
	if (__rt_is_shared(start, whole))
		return protect_shared(start, whole, protection);
	return __rt_protect(start, start + whole, protection);
}
