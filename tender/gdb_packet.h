/* SPDX-License-Identifier: ISC */
/*
 * Packets of the GDB remote serial protocol (GDB manual, appendix E): bytes to
 * packets, and answers to bytes. Knows no socket and no guest.
 */
#ifndef GDB_PACKET_H
#define GDB_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of what is between '$' and '#'; told to GDB as PacketSize. */
#define GDB_PACKET_MAX 16384

enum gdb_event {
	GDB_NOTHING,   /* more bytes are needed */
	GDB_PACKET,    /* a good packet is in data, length bytes */
	GDB_DAMAGED,   /* one whose sum is wrong, or that is too long */
	GDB_INTERRUPT, /* Ctrl-C */
	GDB_REFUSED,   /* GDB could not read our last answer */
};

struct gdb_parser {
	enum {
		GDB_OUTSIDE,
		GDB_INSIDE,
		GDB_ESCAPED,
		GDB_SUM_HIGH,
		GDB_SUM_LOW,
	} state;
	uint8_t sum;
	uint8_t told; /* the sum in the packet, as far as it is read */
	bool damaged;
	size_t length;
	char data[GDB_PACKET_MAX + 1]; /* with a NUL behind */
};

/* A zeroed parser is ready. Takes one byte. */
enum gdb_event gdb_parser_feed(struct gdb_parser *p, uint8_t byte);

/* An answer under construction; what does not fit is lost, and overfull set. */
struct gdb_reply {
	size_t length;
	bool overfull;
	char data[GDB_PACKET_MAX];
};

void gdb_reply_text(struct gdb_reply *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Two hexadecimal digits for each byte. */
void gdb_reply_hex(struct gdb_reply *r, const void *data, size_t bytes);

/* As they are, but for those that must be escaped; false if not all fit. */
bool gdb_reply_binary(struct gdb_reply *r, const char *data, size_t bytes);

/* '$', '#' and two digits around it. */
#define GDB_FRAME_MAX (GDB_PACKET_MAX + 4)

/* Writes the packet that @r becomes into @out; its length. */
size_t gdb_reply_frame(const struct gdb_reply *r, char out[GDB_FRAME_MAX]);

/* A hexadecimal number at *@at, which advances past it. False without one. */
bool gdb_read_number(const char **at, uint64_t *out);

/* Exactly @bytes bytes as pairs of digits at *@at, likewise. */
bool gdb_read_hex(const char **at, void *out, size_t bytes);

/* Advances *@at past @c if that is there. */
bool gdb_read_char(const char **at, char c);

#endif
