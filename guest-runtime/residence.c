/* SPDX-License-Identifier: ISC */
/* Nothing is ever swapped out by the guest: what is there is locked. */
#include <errno.h>
#include <string.h>

#include "extent.h"
#include "memory_map.h"
#include "rt_syscall.h"
#include "runtime.h"

long __rt_sys_mlock(uintptr_t start, size_t bytes)
{
	(void)start, (void)bytes;
	return 0;
}

long __rt_sys_mlock2(uintptr_t start, size_t bytes, unsigned flags)
{
	(void)start, (void)bytes;
	return flags & ~1U ? -EINVAL : 0;
}

long __rt_sys_munlock(uintptr_t start, size_t bytes)
{
	(void)start, (void)bytes;
	return 0;
}

long __rt_sys_mlockall(int flags)
{
	return flags && !(flags & ~7) ? 0 : -EINVAL;
}

long __rt_sys_munlockall(void)
{
	return 0;
}

static int is_mapped(uintptr_t page)
{
	if (page < BP_IMAGE_BASE || page >= __rt_boot->mem_bytes)
		return 0;
	if (page < __rt_boot->heap_start || page >= __rt_boot->heap_end)
		return 1;
	return !__rt_extent_is_free(page, page + BP_PAGE_BYTES);
}

long __rt_sys_mincore(uintptr_t start, size_t bytes, unsigned char *to)
{
	size_t pages = (bytes + BP_PAGE_BYTES - 1) / BP_PAGE_BYTES;

	if (start % BP_PAGE_BYTES)
		return -EINVAL;
	if (bytes > __rt_boot->mem_bytes)
		return -ENOMEM;
	for (size_t i = 0; i < pages; i++)
		if (!is_mapped(start + i * BP_PAGE_BYTES))
			return -ENOMEM;
	memset(to, 1, pages);
	return 0;
}
