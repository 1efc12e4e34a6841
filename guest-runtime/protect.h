/* SPDX-License-Identifier: ISC */
/* Pages that the program may not use at will: those of the heap, and others. */
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

/*
 * The same for pages of the image and of the first thread's stack, within what
 * they allow at most; executable ones too. -EACCES: more than that; -ENOMEM:
 * some are not there.
 */
long __rt_protect_image(uintptr_t start, uintptr_t end, int protection);

/* Makes [start, end) zero, whatever its protection; much goes to the host. */
void __rt_forget(uintptr_t start, uintptr_t end);

#endif
