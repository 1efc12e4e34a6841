/* SPDX-License-Identifier: ISC */
/*
 * What the distribution's libsodium, made for another C library, lacks in a
 * tender that is static with musl. The first is a function of glibc. The others
 * are the library's own, and would bring all the rest of it along: verifying a
 * signature is arithmetic, it never needs chance, nor comes to a misuse.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#ifndef __GLIBC__
void __explicit_bzero_chk(void *at, size_t bytes, size_t object);
void randombytes_buf(void *at, size_t bytes);
_Noreturn void sodium_misuse(void);

void __explicit_bzero_chk(void *at, size_t bytes, size_t object)
{
	(void)object;
	explicit_bzero(at, bytes);
}

void randombytes_buf(void *at, size_t bytes)
{
	(void)at, (void)bytes;
	abort();
}

_Noreturn void sodium_misuse(void)
{
	abort();
}
#endif
