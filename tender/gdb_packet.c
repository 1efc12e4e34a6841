/* SPDX-License-Identifier: ISC */
#include "gdb_packet.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ESCAPE	    '}'
#define ESCAPE_FLIP 0x20
#define CTRL_C	    0x03

static const char digits[] = "0123456789abcdef";

/* -1 if it is none. */
static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static void begin_packet(struct gdb_parser *p)
{
	p->state = GDB_INSIDE;
	p->sum = 0;
	p->length = 0;
	p->damaged = false;
}

static enum gdb_event outside(struct gdb_parser *p, char c)
{
	switch (c) {
	case '$':
		begin_packet(p);
		return GDB_NOTHING;
	case CTRL_C:
		return GDB_INTERRUPT;
	case '-':
		return GDB_REFUSED;
	default: /* '+', and what is left of a broken packet */
		return GDB_NOTHING;
	}
}

static void inside(struct gdb_parser *p, char c)
{
	if (p->state == GDB_INSIDE && c == '#') {
		p->state = GDB_SUM_HIGH;
		return;
	}
	/* Never within a packet, unless the end of the last one was lost. */
	if (p->state == GDB_INSIDE && c == '$') {
		begin_packet(p);
		return;
	}
	p->sum = (uint8_t)(p->sum + (uint8_t)c);
	if (p->state == GDB_INSIDE && c == ESCAPE) {
		p->state = GDB_ESCAPED;
		return;
	}
	if (p->state == GDB_ESCAPED)
		c ^= ESCAPE_FLIP;
	p->state = GDB_INSIDE;
	if (p->length < GDB_PACKET_MAX)
		p->data[p->length++] = c;
	else
		p->damaged = true;
}

static enum gdb_event sum(struct gdb_parser *p, char c)
{
	int value = digit_value(c);

	if (value < 0)
		p->damaged = true;
	p->told = (uint8_t)(p->told << 4 | (value & 0xf));
	if (p->state == GDB_SUM_HIGH) {
		p->state = GDB_SUM_LOW;
		return GDB_NOTHING;
	}
	p->state = GDB_OUTSIDE;
	p->data[p->length] = '\0';
	return p->damaged || p->told != p->sum ? GDB_DAMAGED : GDB_PACKET;
}

enum gdb_event gdb_parser_feed(struct gdb_parser *p, uint8_t byte)
{
	switch (p->state) {
	case GDB_OUTSIDE:
		return outside(p, (char)byte);
	case GDB_INSIDE:
	case GDB_ESCAPED:
		inside(p, (char)byte);
		return GDB_NOTHING;
	default:
		return sum(p, (char)byte);
	}
}

static size_t room(struct gdb_reply *r, size_t wanted)
{
	size_t left = sizeof(r->data) - r->length;

	if (wanted <= left)
		return wanted;
	r->overfull = true;
	return left;
}

static void put(struct gdb_reply *r, const char *data, size_t bytes)
{
	size_t n = room(r, bytes);

	memcpy(r->data + r->length, data, n);
	r->length += n;
}

void gdb_reply_text(struct gdb_reply *r, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n < 0)
		return;
	if ((size_t)n >= sizeof(text)) {
		r->overfull = true;
		n = sizeof(text) - 1;
	}
	put(r, text, (size_t)n);
}

void gdb_reply_hex(struct gdb_reply *r, const void *data, size_t bytes)
{
	const uint8_t *at = data;

	for (size_t i = 0; i < bytes; i++) {
		char pair[] = {digits[at[i] >> 4], digits[at[i] & 0xf]};

		put(r, pair, sizeof(pair));
	}
}

bool gdb_reply_binary(struct gdb_reply *r, const char *data, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		char pair[] = {ESCAPE, (char)(data[i] ^ ESCAPE_FLIP)};
		bool escape = data[i] && strchr("#$*}", data[i]);
		size_t n = escape ? 2 : 1;

		if (sizeof(r->data) - r->length < n)
			return false;
		put(r, escape ? pair : data + i, n);
	}
	return true;
}

size_t gdb_reply_frame(const struct gdb_reply *r, char out[GDB_FRAME_MAX])
{
	uint8_t total = 0;

	out[0] = '$';
	memcpy(out + 1, r->data, r->length);
	for (size_t i = 0; i < r->length; i++)
		total = (uint8_t)(total + (uint8_t)r->data[i]);
	out[r->length + 1] = '#';
	out[r->length + 2] = digits[total >> 4];
	out[r->length + 3] = digits[total & 0xf];
	return r->length + 4;
}

bool gdb_read_number(const char **at, uint64_t *out)
{
	const char *p = *at;
	uint64_t n = 0;

	for (; digit_value(*p) >= 0; p++) {
		if (n >> 60)
			return false;
		n = n << 4 | (uint64_t)digit_value(*p);
	}
	if (p == *at)
		return false;
	*at = p;
	*out = n;
	return true;
}

bool gdb_read_hex(const char **at, void *out, size_t bytes)
{
	const char *p = *at;
	uint8_t *to = out;

	for (size_t i = 0; i < bytes; i++, p += 2) {
		int high = digit_value(p[0]);
		int low = high < 0 ? -1 : digit_value(p[1]);

		if (low < 0)
			return false;
		to[i] = (uint8_t)(high << 4 | low);
	}
	*at = p;
	return true;
}

bool gdb_read_char(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}
