/* SPDX-License-Identifier: ISC */
/* Ranges of memory: what memory.c knows of them, and mprotect.c does. */
#ifndef RT_MEMORY_RANGE_H
#define RT_MEMORY_RANGE_H

#include <stddef.h>
#include <stdint.h>

/* Whether [start, start + bytes) is whole pages of the heap; rounds @bytes. */
int __rt_in_heap(uintptr_t start, size_t *bytes);

/* Whether any of it is of a shared mapping of a file. */
int __rt_is_shared(uintptr_t start, size_t bytes);

/*
 * A shared mapping was just made, of whole pages. Where others share it, it
 * may be used as any of them may. The address, or -ENOMEM: it is unmapped.
 */
long __rt_protect_mapped(uintptr_t start, size_t bytes, int protection);

#endif
