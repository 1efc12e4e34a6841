/* SPDX-License-Identifier: ISC */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>

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

static void put_char(struct text *t, char c)
{
	if (t->bytes - t->length < 2)
		return;
	t->start[t->length++] = c;
	t->start[t->length] = '\0';
}

void text_put_json(struct text *t, const char *s)
{
	text_put(t, "\"");
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			put_char(t, '\\');
		if (c < ' ' || c > '~')
			text_put(t, "\\u%04x", c);
		else
			put_char(t, (char)c);
	}
	text_put(t, "\"");
}
