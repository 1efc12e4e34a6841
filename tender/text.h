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

/* The same by parts, and some twenty times as quick as through a format. */
void text_put_char(struct text *t, char c);
void text_put_string(struct text *t, const char *s);
void text_put_unsigned(struct text *t, uint64_t n);
void text_put_signed(struct text *t, int64_t n);
void text_put_hex(struct text *t, uint64_t n);	 /* with 0x */
void text_put_octal(struct text *t, uint64_t n); /* with 0 */

/* With a decimal point. */
void text_put_millionths(struct text *t, uint64_t n);
void text_put_thousandths(struct text *t, uint64_t n);

/* As a string of C, in its quotes; only printable ASCII comes out. */
void text_put_quoted(struct text *t, const uint8_t *data, size_t bytes);

/* @s as a string of JSON, in its quotes; only printable ASCII comes out. */
void text_put_json(struct text *t, const char *s);

#endif
