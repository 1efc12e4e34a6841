/* SPDX-License-Identifier: ISC */
/* The set of free address ranges, page-aligned, sorted, never touching. */
#ifndef RT_EXTENT_H
#define RT_EXTENT_H

#include <stddef.h>
#include <stdint.h>

struct rt_extent {
	uintptr_t start;
	uintptr_t end;
	int was_given; /* some of it, since __rt_extent_next_given() */
};

/*
 * Begins with one free range, less the place for the set itself at its end.
 * Returns where that begins.
 */
uintptr_t __rt_extent_init(uintptr_t start, uintptr_t end);

/* Takes @bytes from the end of the highest range that has them; 0: none. */
uintptr_t __rt_extent_take(size_t bytes);

/* Takes [start, end) out; parts of it may already be taken. */
void __rt_extent_take_at(uintptr_t start, uintptr_t end);

/* How much is free. */
size_t __rt_extent_free_bytes(void);

/* Whether so much is free altogether. */
int __rt_extent_has(size_t bytes);

/* Whether all of [start, end) is free. */
int __rt_extent_is_free(uintptr_t start, uintptr_t end);

/* Whether any of it is. */
int __rt_extent_some_free(uintptr_t start, uintptr_t end);

/*
 * Gives [start, end) back; parts of it may already be free. How large the range
 * is that it belongs to now.
 */
size_t __rt_extent_give(uintptr_t start, uintptr_t end);

/*
 * A range of at least @bytes in which something was given back, and from now on
 * nothing was. 0: there is none.
 */
int __rt_extent_next_given(size_t bytes, struct rt_extent *range);

#endif
