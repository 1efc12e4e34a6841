/* SPDX-License-Identifier: ISC */
/* Text that is put together piece by piece, and cut off where it is full. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
	char *start;
	size_t bytes; /* room for them, with a NUL */
	size_t length;
};

void text_init(struct text *t, char *start, size_t bytes);

void text_put(struct text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* @s as a string of JSON, in its quotes; only printable ASCII comes out. */
void text_put_json(struct text *t, const char *s);

#endif
