/* SPDX-License-Identifier: ISC */
/* madvise(2), msync(2). */
#include <errno.h>
#include <sys/mman.h>

#include "file_map.h"
#include "memory_map.h"
#include "memory_range.h"
#include "protect.h"
#include "rt_syscall.h"

long __rt_sys_madvise(uintptr_t start, size_t bytes, int advice)
{
	if (start % BP_PAGE_BYTES)
		return -EINVAL;
	if (advice == MADV_DONTNEED) {
		if (!__rt_in_heap(start, &bytes))
			return -EINVAL;
		if (__rt_is_shared(start, bytes))
			return 0;
		__rt_forget(start, start + bytes);
	}
	return 0;
}

long __rt_sys_msync(uintptr_t start, size_t bytes, int flags)
{
	if (start % BP_PAGE_BYTES ||
	    flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) ||
	    (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
		return -EINVAL;
	if (!__rt_in_heap(start, &bytes))
		return -ENOMEM;
	return __rt_shared_maps ? __rt_shared_maps->sync(start, bytes, flags)
				: 0;
}
