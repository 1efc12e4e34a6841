/* SPDX-License-Identifier: ISC */
/* Memory for the runtime's own use: whole pages of the heap. */
#ifndef RT_MEMORY_HOOK_H
#define RT_MEMORY_HOOK_H

#include <stddef.h>

/* Whole pages, not cleared, or NULL. Never calls __rt_memory_shrink. */
void *__rt_memory_take(size_t bytes);
/* The same, of that many zeros. */
void *__rt_memory_take_zeroed(size_t bytes);
void __rt_memory_give(void *start, size_t bytes);

/* Bytes of the heap, used or not. */
size_t __rt_memory_total(void);

/* Called once before an allocation of the program's fails. */
extern void (*__rt_memory_shrink)(void);

/*
 * Bytes that neither the program nor what is cached may have, so that what is
 * written to a disk can be finished whatever the program has taken.
 */
extern size_t __rt_memory_reserve;

/* While it is set, mmap() and mremap() are the runtime's: none of either. */
extern int __rt_memory_keep;

#endif
