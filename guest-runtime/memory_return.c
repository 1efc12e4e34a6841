/* SPDX-License-Identifier: ISC */
/*
 * THEORY OF OPERATION
 * To give memory back costs an exit, and more to have it again. So a large
 * piece goes back at once, and smaller ones, with what is free around them,
 * when the guest goes to sleep, but not more often than once a second: a server
 * that needs the same for each request keeps it while requests come. Guards of
 * stacks that have ended stay, for the next one there.
 */
#include "memory_return.h"

#include <sys/mman.h>

#include "hypercall_x86_64.h"
#include "memory_map.h"
#include "protect.h"
#include "runtime.h"
#include "wait.h"

#define LEAST_BYTES   (256UL << 10)
#define AT_ONCE_BYTES (32UL << 20)
#define EVERY_NS      1000000000ULL

#define READ_WRITE (PROT_READ | PROT_WRITE)

static uint64_t next_ns;

/* The end of the pages from @start on that are protected, or are not. */
static uintptr_t run_end(uintptr_t start, uintptr_t end, int *is_protected)
{
	uintptr_t at = start;

	*is_protected = 0;
	if (!__rt_protected_pages)
		return end;
	*is_protected = __rt_protection(start) != READ_WRITE;
	while (at < end && (__rt_protection(at) != READ_WRITE) == *is_protected)
		at += BP_PAGE_BYTES;
	return at;
}

/* Whether all of it went. */
static int give_back(uintptr_t start, uintptr_t end)
{
	int all = 1, is_protected;

	for (uintptr_t next; start < end; start = next) {
		next = run_end(start, end, &is_protected);
		if (is_protected ||
		    hypercall_map(start, next - start,
				  READ_WRITE | BP_MAP_RELEASE) < 0)
			all = 0;
	}
	return all;
}

static void give_back_range(const struct rt_extent *range)
{
	struct rt_extent touched[2];
	int all;

	__rt_memory_touched(range, touched);
	all = give_back(touched[0].start, touched[0].end);
	all &= give_back(touched[1].start, touched[1].end);
	if (all)
		__rt_memory_is_untouched(range);
}

static void give_back_all(void)
{
	struct rt_extent range;

	__rt_before_sleep = 0;
	while (__rt_extent_next_given(LEAST_BYTES, &range))
		give_back_range(&range);
}

static uint64_t before_sleep(uint64_t deadline_ns)
{
	uint64_t now = __rt_monotonic_ns();

	if (now < next_ns)
		return next_ns < deadline_ns ? next_ns : deadline_ns;
	next_ns = now + EVERY_NS;
	give_back_all();
	return deadline_ns;
}

void __rt_memory_freed(uintptr_t start, uintptr_t end)
{
	size_t bytes = __rt_extent_give(start, end);

	if (end - start >= AT_ONCE_BYTES)
		give_back_all();
	else if (bytes >= LEAST_BYTES)
		__rt_before_sleep = before_sleep;
}
