/* SPDX-License-Identifier: ISC */
/*
 * Free address ranges: a sorted array, searched from the top. Programs hold
 * few ranges (malloc groups its own), so that an array, with memory moved by
 * one memmove, beats a tree; it grows into free memory when it must.
 */
#include "extent.h"

#include <string.h>

#define INITIAL_COUNT 64
#define SPARE_COUNT   2 /* room there always is for one operation */

static struct rt_extent initial[INITIAL_COUNT];
static struct rt_extent *table = initial;
static size_t count, capacity = INITIAL_COUNT;

void __rt_extent_init(uintptr_t start, uintptr_t end)
{
	table[0] = (struct rt_extent){start, end};
	count = 1;
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

/*
 * Moves the table to one of twice the size, taken from free memory. Called
 * when an operation is over, never in between: what it takes must not be part
 * of a range that is just being handed out.
 */
static void grow(void)
{
	size_t old_bytes = capacity * sizeof(*table);
	struct rt_extent *old = table, *larger;

	larger = (void *)__rt_extent_take(2 * old_bytes < 4096 ? 4096
							       : 2 * old_bytes);
	if (!larger)
		return;
	memcpy(larger, table, count * sizeof(*table));
	table = larger;
	capacity =
		(2 * old_bytes < 4096 ? 4096 : 2 * old_bytes) / sizeof(*table);
	if (old != initial)
		__rt_extent_give((uintptr_t)old, (uintptr_t)old + old_bytes);
}

/* With no room for one more entry, the range is lost to the program. */
static void insert(size_t at, uintptr_t start, uintptr_t end)
{
	if (count == capacity)
		return;
	memmove(&table[at + 1], &table[at], (count - at) * sizeof(*table));
	table[at] = (struct rt_extent){start, end};
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

static void take_at(uintptr_t start, uintptr_t end)
{
	size_t i;

	for (i = find(start); i < count && table[i].start < end;) {
		struct rt_extent e = table[i];

		if (e.start < start && e.end > end) {
			table[i].end = start;
			insert(i + 1, end, e.end);
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

void __rt_extent_take_at(uintptr_t start, uintptr_t end)
{
	take_at(start, end);
	if (count + SPARE_COUNT > capacity)
		grow();
}

int __rt_extent_is_free(uintptr_t start, uintptr_t end)
{
	size_t i = find(start);

	return i < count && table[i].start <= start && table[i].end >= end;
}

void __rt_extent_give(uintptr_t start, uintptr_t end)
{
	size_t first, last;

	/* All ranges that overlap or touch it become one with it. */
	first = find(start ? start - 1 : 0);
	for (last = first; last < count && table[last].start <= end; last++)
		;
	if (first == last) {
		insert(first, start, end);
		if (count + SPARE_COUNT > capacity)
			grow();
		return;
	}
	if (table[first].start > start)
		table[first].start = start;
	table[first].end =
		table[last - 1].end > end ? table[last - 1].end : end;
	delete (first + 1, last - first - 1);
}
