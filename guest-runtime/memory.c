/* SPDX-License-Identifier: ISC */
/*
 * brk() and mmap(), in the heap that boot info names.
 *
 * THEORY OF OPERATION
 * brk grows up from the bottom, mappings are placed from the top down; free
 * ranges are kept in extent.c. Memory between what was ever in use at the
 * bottom and at the top is as zero as the tender made it, and is handed out
 * without being touched; anything else is cleared when handed out again.
 *
 * What is not to be read or written is in protect.c; it covers the heap alone,
 * and what is handed out can be read and written unless the program says
 * otherwise. Executable memory is refused.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "extent.h"
#include "file.h"
#include "file_map.h"
#include "memory_hook.h"
#include "memory_map.h"
#include "memory_range.h"
#include "memory_return.h"
#include "protect.h"
#include "rt_syscall.h"
#include "runtime.h"

static uintptr_t heap_start, heap_end;
static uintptr_t brk_now;
/* Never touched yet: [brk_highest, mapping_lowest). */
static uintptr_t brk_highest, mapping_lowest;

void (*__rt_memory_shrink)(void);
size_t __rt_memory_reserve;
int __rt_memory_keep;
const struct rt_shared_maps *__rt_shared_maps;

static void init(void)
{
	if (heap_start)
		return;
	heap_start = brk_now = brk_highest = __rt_heap_start;
	heap_end = __rt_extent_init(heap_start, __rt_boot->heap_end);
	mapping_lowest = heap_end;
}

static uintptr_t page_up(uintptr_t n)
{
	return (n + BP_PAGE_BYTES - 1) & ~(BP_PAGE_BYTES - 1);
}

int __rt_in_heap(uintptr_t start, size_t *bytes)
{
	init();
	if (start % BP_PAGE_BYTES || start < heap_start || start > heap_end)
		return 0;
	if (*bytes > heap_end - start)
		return 0;
	*bytes = page_up(*bytes);
	return 1;
}

static void clear_overlap(uintptr_t start, uintptr_t end, uintptr_t used_start,
			  uintptr_t used_end)
{
	if (start < used_start)
		start = used_start;
	if (end > used_end)
		end = used_end;
	if (start < end)
		memset((void *)start, 0, end - start);
}

/* What is handed out next to used memory counts as used itself. */
static void note_used(uintptr_t start, uintptr_t end)
{
	if (start > brk_highest) {
		if (start < mapping_lowest)
			mapping_lowest = start;
	} else if (end > brk_highest) {
		brk_highest = end;
	}
}

/* Whoever had it last may have protected it. Giving that back cannot fail. */
static void unprotect(uintptr_t start, uintptr_t end)
{
	if (__rt_protected_pages)
		__rt_protect(start, end, PROT_READ | PROT_WRITE);
}

/* @range is free and all zero, and the host has its memory. */
void __rt_memory_is_untouched(const struct rt_extent *range)
{
	if (range->start > brk_highest || range->end < mapping_lowest)
		return;
	brk_highest = range->start;
	mapping_lowest = range->end;
}

/* What of @range, which is free, may have been touched: below, and above. */
void __rt_memory_touched(const struct rt_extent *range,
			 struct rt_extent touched[2])
{
	touched[0] = touched[1] = *range;
	if (range->start > brk_highest || range->end < mapping_lowest) {
		touched[1].start = range->end;
		return;
	}
	touched[0].end = brk_highest;
	touched[1].start = mapping_lowest;
}

/* Makes a range that is about to be handed out zero, touching little. */
static void clear(uintptr_t start, uintptr_t end)
{
	unprotect(start, end);
	clear_overlap(start, end, heap_start, brk_highest);
	clear_overlap(start, end, mapping_lowest, heap_end);
	note_used(start, end);
}

/* Whether the program or what is cached may have so much more. */
static int may_have(size_t bytes)
{
	return !__rt_memory_reserve ||
	       __rt_extent_has(bytes + __rt_memory_reserve);
}

void *__rt_memory_take(size_t bytes)
{
	uintptr_t start;

	init();
	start = may_have(page_up(bytes)) ? __rt_extent_take(page_up(bytes)) : 0;
	if (!start)
		return NULL;
	unprotect(start, start + page_up(bytes));
	note_used(start, start + page_up(bytes));
	return (void *)start;
}

void *__rt_memory_take_zeroed(size_t bytes)
{
	uintptr_t start;

	init();
	start = __rt_extent_take(page_up(bytes));
	if (start)
		clear(start, start + page_up(bytes));
	return (void *)start;
}

void __rt_memory_give(void *start, size_t bytes)
{
	__rt_extent_give((uintptr_t)start, (uintptr_t)start + page_up(bytes));
}

size_t __rt_memory_total(void)
{
	init();
	return heap_end - heap_start;
}

/* For the program: has what is cached make way before there is none. */
static uintptr_t take(size_t bytes)
{
	uintptr_t start;

	if (__rt_memory_keep)
		return __rt_extent_take(bytes);
	start = may_have(bytes) ? __rt_extent_take(bytes) : 0;
	if (!start && __rt_memory_shrink) {
		__rt_memory_shrink();
		start = may_have(bytes) ? __rt_extent_take(bytes) : 0;
	}
	return start;
}

int __rt_is_shared(uintptr_t start, size_t bytes)
{
	return __rt_shared_maps && __rt_shared_maps->overlap(start, bytes);
}

/* Gives up shared mappings of files, page by page. 0 or -errno. */
static long unmap_shared(uintptr_t start, size_t bytes, int give)
{
	uintptr_t end = start + bytes;
	long err;

	for (; start < end; start += BP_PAGE_BYTES) {
		err = __rt_shared_maps->unmap(start);
		if (err == -EBUSY && give)
			continue;
		if (err)
			return err;
		if (give)
			__rt_extent_give(start, start + BP_PAGE_BYTES);
	}
	return 0;
}

long __rt_sys_brk(uintptr_t wanted)
{
	uintptr_t old_end, new_end;

	init();
	if (wanted < heap_start || wanted > heap_end)
		return (long)brk_now;
	old_end = page_up(brk_now);
	new_end = page_up(wanted);
	if (new_end > old_end) {
		if (!__rt_extent_is_free(old_end, new_end) ||
		    !may_have(new_end - old_end))
			return (long)brk_now;
		__rt_extent_take_at(old_end, new_end);
		clear(old_end, new_end);
	} else if (new_end < old_end) {
		__rt_memory_freed(new_end, old_end);
	}
	/* What brk gives back within its last page must come back as zero. */
	if (wanted < brk_now)
		memset((void *)wanted, 0, new_end - wanted);
	brk_now = wanted;
	return (long)brk_now;
}

static int is_plain(int protection)
{
	return protection & PROT_WRITE;
}

/* What was just mapped; it is given back when there is no room for that. */
static long protect_new(uintptr_t start, size_t bytes, int protection)
{
	uintptr_t end = start + bytes;

	if (is_plain(protection) || !__rt_protect(start, end, protection))
		return (long)start;
	__rt_extent_give(start, end);
	return -ENOMEM;
}

static long map_fixed(uintptr_t start, size_t bytes, int protection, int flags)
{
	long err;

	if (!__rt_in_heap(start, &bytes))
		return -ENOMEM;
	if ((flags & MAP_FIXED_NOREPLACE) == MAP_FIXED_NOREPLACE &&
	    !__rt_extent_is_free(start, start + bytes))
		return -EEXIST;
	err = __rt_is_shared(start, bytes) ? unmap_shared(start, bytes, 0) : 0;
	if (err)
		return err == -EBUSY ? -ENOMEM : err;
	__rt_extent_take_at(start, start + bytes);
	clear(start, start + bytes);
	/* The C library's guard of its own: an exit in every program. */
	if (start < brk_now)
		return (long)start;
	return protect_new(start, bytes, protection);
}

static long map_file(uintptr_t hint, size_t bytes, int protection, int flags,
		     int fd, int64_t offset)
{
	struct rt_file *f = __rt_file(fd);
	long start;

	if (!f || (f->flags & O_PATH))
		return -EBADF;
	if (offset < 0 || (uint64_t)offset % BP_PAGE_BYTES)
		return -EINVAL;
	if (!f->ops->map)
		return -ENODEV;
	start = f->ops->map(f, hint, bytes, protection, flags,
			    (uint64_t)offset);
	if (start < 0)
		return start;
	if (__rt_is_shared((uintptr_t)start, bytes))
		return __rt_protect_mapped((uintptr_t)start, page_up(bytes),
					   protection);
	return protect_new((uintptr_t)start, page_up(bytes), protection);
}

long __rt_sys_mmap(uintptr_t hint, size_t bytes, int protection, int flags,
		   int fd, int64_t offset)
{
	uintptr_t start;

	init();
	if (!bytes)
		return -EINVAL;
	if (protection & PROT_EXEC)
		return -EACCES;
	if (!(flags & (MAP_SHARED | MAP_PRIVATE)))
		return -EINVAL;
	if (!(flags & MAP_ANONYMOUS))
		return map_file(hint, bytes, protection, flags, fd, offset);
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))
		return map_fixed(hint, bytes, protection, flags);
	if (bytes > heap_end - heap_start)
		return -ENOMEM;
	bytes = page_up(bytes);
	start = take(bytes);
	if (!start)
		return -ENOMEM;
	clear(start, start + bytes);
	return protect_new(start, bytes, protection);
}

/*
 * The stack of a thread, with so much of it at its start that traps: a number
 * of our own, see musl/syscall_arch.h. Where the guard is as the last stack
 * there left it, this makes no exit.
 */
long __rt_sys_stack_alloc(size_t bytes, size_t guard)
{
	uintptr_t start;

	init();
	start = bytes > heap_end - heap_start ? 0 : take(bytes);
	if (!start)
		return -ENOMEM;
	note_used(start, start + guard);
	clear(start + guard, start + bytes);
	if (__rt_protect(start, start + guard, PROT_NONE)) {
		__rt_extent_give(start, start + bytes);
		return -ENOMEM;
	}
	return (long)start;
}

long __rt_sys_munmap(uintptr_t start, size_t bytes)
{
	init();
	if (!bytes || !__rt_in_heap(start, &bytes))
		return -EINVAL;
	if (__rt_is_shared(start, bytes))
		return unmap_shared(start, bytes, 1);
	__rt_memory_freed(start, start + bytes);
	return 0;
}

long __rt_sys_mremap(uintptr_t start, size_t old_bytes, size_t new_bytes,
		     int flags, uintptr_t new_start)
{
	uintptr_t end;
	int protection;

	(void)new_start;
	init();
	if (!old_bytes || !new_bytes || (flags & ~MREMAP_MAYMOVE) ||
	    !__rt_in_heap(start, &old_bytes))
		return -EINVAL;
	if (new_bytes > heap_end - heap_start)
		return -ENOMEM;
	/* A file's memory stays where it is; a new mmap() may do. */
	if (__rt_is_shared(start, old_bytes))
		return -ENOMEM;
	new_bytes = page_up(new_bytes);
	end = start + old_bytes;
	protection = __rt_protection(start);
	if (new_bytes <= old_bytes) {
		if (new_bytes < old_bytes)
			__rt_memory_freed(start + new_bytes, end);
		return (long)start;
	}
	if (new_bytes <= heap_end - start &&
	    __rt_extent_is_free(end, start + new_bytes) &&
	    (__rt_memory_keep || may_have(new_bytes - old_bytes))) {
		__rt_extent_take_at(end, start + new_bytes);
		clear(end, start + new_bytes);
		protect_new(end, start + new_bytes - end, protection);
		return (long)start;
	}
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	new_start = take(new_bytes);
	if (!new_start)
		return -ENOMEM;
	clear(new_start, new_start + new_bytes);
	unprotect(start, end);
	memcpy((void *)new_start, (void *)start, old_bytes);
	__rt_memory_freed(start, end);
	return protect_new(new_start, new_bytes, protection);
}
