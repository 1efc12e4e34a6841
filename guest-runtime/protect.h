/* SPDX-License-Identifier: ISC */
/* Pages of the heap that the program may not read and write at will. */
#ifndef RT_PROTECT_H
#define RT_PROTECT_H

#include <stddef.h>
#include <stdint.h>

/* How many pages there are; while none are, nothing here need be called. */
extern size_t __rt_protected_pages;

/*
 * Makes @protection (PROT_NONE, PROT_READ; all else is to read and write) that
 * of [start, end), pages of the heap. One exit for each run of pages for which
 * that is new. 0 or -ENOMEM.
 */
long __rt_protect(uintptr_t start, uintptr_t end, int protection);

/* PROT_*, of one page. */
int __rt_protection(uintptr_t page);

/* Makes [start, end) zero, whatever its protection; much goes to the host. */
void __rt_forget(uintptr_t start, uintptr_t end);

#endif
