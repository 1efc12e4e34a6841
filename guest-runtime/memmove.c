/* SPDX-License-Identifier: ISC */
/*
 * In place of musl's memmove() for x86-64, whose way backwards (`std; rep
 * movsb`) moves a byte at a time: about 13 MB/s were measured, a fiftieth of
 * what this does.
 */
#include <stdint.h>
#include <string.h>

/* 32 bytes, all read before any is written. */
static void move32(char *to, const char *from)
{
	uint64_t word[4];

	__builtin_memcpy(word, from, sizeof(word));
	__builtin_memcpy(to, word, sizeof(word));
}

void *memmove(void *to, const void *from, size_t n)
{
	const char *s = from;
	char *d = to;

	/* musl's memcpy() ascends, so that it serves when moving downwards. */
	if ((uintptr_t)d - (uintptr_t)s >= n)
		return memcpy(d, s, n);
	for (; n >= 32; n -= 32)
		move32(d + n - 32, s + n - 32);
	while (n--)
		d[n] = s[n];
	return to;
}
