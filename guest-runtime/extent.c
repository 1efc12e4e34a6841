/* SPDX-License-Identifier: ISC */
/*
 * Free address ranges: a sorted array, searched from the top. Programs hold
 * few ranges (malloc groups its own), so that an array, with memory moved by
 * one memmove, beats a tree. Its place is set aside for the worst case, every
 * other page free, which is a three-hundredth of the heap; what is not used of
 * it is never touched.
 */
#include "extent.h"

#include <string.h>

#include "memory_map.h"

static struct rt_extent *table;
static size_t count;

uintptr_t __rt_extent_init(uintptr_t start, uintptr_t end)
{
	size_t pages = (end - start) / BP_PAGE_BYTES;
	size_t bytes = (pages / 2 + 1) * sizeof(*table);

	end -= (bytes + BP_PAGE_BYTES - 1) & ~(BP_PAGE_BYTES - 1);
	table = (struct rt_extent *)end;
	table[0] = (struct rt_extent){start, end, 0};
	count = 1;
	return end;
}

/* Index of the first range that ends above @address. */
static size_t find(uintptr_t address)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table[middle].end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void delete (size_t at, size_t n)
{
	memmove(&table[at], &table[at + n], (count - at - n) * sizeof(*table));
	count -= n;
}

static void insert(size_t at, uintptr_t start, uintptr_t end, int was_given)
{
	memmove(&table[at + 1], &table[at], (count - at) * sizeof(*table));
	table[at] = (struct rt_extent){start, end, was_given};
	count++;
}

uintptr_t __rt_extent_take(size_t bytes)
{
	for (size_t i = count; i-- > 0;) {
		struct rt_extent *e = &table[i];
		uintptr_t start;

		if (e->end - e->start < bytes)
			continue;
		start = e->end - bytes;
		e->end = start;
		if (e->start == e->end)
			delete (i, 1);
		return start;
	}
	return 0;
}

size_t __rt_extent_free_bytes(void)
{
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += table[i].end - table[i].start;
	return bytes;
}

int __rt_extent_has(size_t bytes)
{
	for (size_t i = count; i-- > 0;) {
		size_t some = table[i].end - table[i].start;

		if (some >= bytes)
			return 1;
		bytes -= some;
	}
	return !bytes;
}

void __rt_extent_take_at(uintptr_t start, uintptr_t end)
{
	size_t i;

	for (i = find(start); i < count && table[i].start < end;) {
		struct rt_extent e = table[i];

		if (e.start < start && e.end > end) {
			table[i].end = start;
			insert(i + 1, end, e.end, e.was_given);
			return;
		}
		if (e.start < start) {
			table[i++].end = start;
		} else if (e.end > end) {
			table[i].start = end;
			return;
		} else {
			delete (i, 1);
		}
	}
}

int __rt_extent_is_free(uintptr_t start, uintptr_t end)
{
	size_t i = find(start);

	return i < count && table[i].start <= start && table[i].end >= end;
}

int __rt_extent_some_free(uintptr_t start, uintptr_t end)
{
	size_t i = find(start);

	return i < count && table[i].start < end;
}

size_t __rt_extent_give(uintptr_t start, uintptr_t end)
{
	size_t first, last;

	/* All ranges that overlap or touch it become one with it. */
	first = find(start ? start - 1 : 0);
	for (last = first; last < count && table[last].start <= end; last++)
		;
	if (first == last) {
		insert(first, start, end, 1);
		return end - start;
	}
	if (table[first].start > start)
		table[first].start = start;
	table[first].end =
		table[last - 1].end > end ? table[last - 1].end : end;
	table[first].was_given = 1;
	delete (first + 1, last - first - 1);
	return table[first].end - table[first].start;
}

int __rt_extent_next_given(size_t bytes, struct rt_extent *range)
{
	for (size_t i = 0; i < count; i++) {
		struct rt_extent *e = &table[i];

		if (!e->was_given || e->end - e->start < bytes)
			continue;
		e->was_given = 0;
		*range = *e;
		return 1;
	}
	return 0;
}
