/* SPDX-License-Identifier: ISC */
/* Read-only data of this program that the start of it had to write. */
#ifndef RELRO_H
#define RELRO_H

/*
 * Makes what was relocated read-only (PT_GNU_RELRO). A dynamic linker has
 * done so already; musl's start of a static program does not.
 */
void relro_protect(void);

#endif
