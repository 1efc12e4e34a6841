/* SPDX-License-Identifier: ISC */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void text_init(struct text *t, char *start, size_t bytes)
{
	*t = (struct text){start, bytes, 0};
	*start = '\0';
}

void text_put(struct text *t, const char *fmt, ...)
{
	size_t left = t->bytes - t->length;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(t->start + t->length, left, fmt, args);
	va_end(args);
	if (n > 0)
		t->length += (size_t)n < left ? (size_t)n : left - 1;
}

void text_put_char(struct text *t, char c)
{
	if (t->bytes - t->length < 2)
		return;
	t->start[t->length++] = c;
	t->start[t->length] = '\0';
}

/* For a few bytes, which memcpy() takes longer to begin with than to copy. */
static void put_bytes(struct text *t, const char *from, size_t n)
{
	char *to = t->start + t->length;
	size_t left = t->bytes - t->length - 1;

	n = n < left ? n : left;
	t->length += n;
	for (; n >= sizeof(uint64_t); n -= sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, from, sizeof(word));
		memcpy(to, &word, sizeof(word));
		from += sizeof(word);
		to += sizeof(word);
	}
	while (n--)
		*to++ = *from++;
	*to = '\0';
}

void text_put_string(struct text *t, const char *s)
{
	put_bytes(t, s, strlen(s));
}

/* At least @digits of them. */
static void put_decimal(struct text *t, uint64_t n, unsigned digits)
{
	char all[24], *end = all + sizeof(all), *at = end;

	do {
		*--at = (char)('0' + n % 10);
		n /= 10;
	} while (n || at > end - digits);
	put_bytes(t, at, (size_t)(end - at));
}

/* With 2^@shift as the base. */
static void put_binary(struct text *t, uint64_t n, unsigned shift,
		       unsigned digits)
{
	char all[24], *end = all + sizeof(all), *at = end;

	do {
		*--at = "0123456789abcdef"[n & ((1U << shift) - 1)];
		n >>= shift;
	} while (n || at > end - digits);
	put_bytes(t, at, (size_t)(end - at));
}

void text_put_unsigned(struct text *t, uint64_t n)
{
	put_decimal(t, n, 1);
}

void text_put_signed(struct text *t, int64_t n)
{
	if (n < 0)
		text_put_char(t, '-');
	put_decimal(t, n < 0 ? 0 - (uint64_t)n : (uint64_t)n, 1);
}

void text_put_hex(struct text *t, uint64_t n)
{
	text_put_string(t, "0x");
	put_binary(t, n, 4, 1);
}

void text_put_octal(struct text *t, uint64_t n)
{
	text_put_char(t, '0');
	if (n)
		put_binary(t, n, 3, 1);
}

void text_put_millionths(struct text *t, uint64_t n)
{
	put_decimal(t, n / 1000000, 1);
	text_put_char(t, '.');
	put_decimal(t, n % 1000000, 6);
}

void text_put_thousandths(struct text *t, uint64_t n)
{
	put_decimal(t, n / 1000, 1);
	text_put_char(t, '.');
	put_decimal(t, n % 1000, 3);
}

void text_put_quoted(struct text *t, const uint8_t *data, size_t bytes)
{
	static const char letters[] = "abtnvfr"; /* of 7 to 13 */

	text_put_char(t, '"');
	for (size_t i = 0; i < bytes; i++) {
		uint8_t c = data[i];

		if (c == '"' || c == '\\' || (c >= '\a' && c <= '\r'))
			text_put_char(t, '\\');
		if (c >= '\a' && c <= '\r') {
			text_put_char(t, letters[c - '\a']);
		} else if (c < ' ' || c > '~') {
			text_put_string(t, "\\x");
			put_binary(t, c, 4, 2);
		} else {
			text_put_char(t, (char)c);
		}
	}
	text_put_char(t, '"');
}

void text_put_json(struct text *t, const char *s)
{
	text_put_char(t, '"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			text_put_char(t, '\\');
		if (c < ' ' || c > '~')
			text_put(t, "\\u%04x", c);
		else
			text_put_char(t, (char)c);
	}
	text_put_char(t, '"');
}
