/* SPDX-License-Identifier: ISC */
/*
 * The section ".hvt.lines" of IMAGE.debug: source lines of the image's code.
 * DWARF has them too, but takes thousands of lines to read; who reports a crash
 * should need few. All integers are little-endian.
 *
 *	struct bp_line_header
 *	struct bp_line[count], ascending by offset
 *	strings, each with a NUL
 */
#ifndef BP_LINE_TABLE_FORMAT_H
#define BP_LINE_TABLE_FORMAT_H

#include <stdint.h>

#define BP_LINE_SECTION ".hvt.lines"
#define BP_LINE_MAGIC	0x4c747648u /* "HvtL" */
#define BP_LINE_VERSION 1u

struct bp_line_header {
	uint32_t magic;
	uint32_t version;
	uint64_t base;	/* address that offsets count from */
	uint32_t count; /* of struct bp_line */
	uint32_t string_bytes;
};

/* Holds from its address up to that of the next one. */
struct bp_line {
	uint32_t offset;
	uint32_t file; /* where its name begins in the strings */
	uint32_t line; /* 0: not known from here on */
};

_Static_assert(sizeof(struct bp_line_header) == 24, "format");
_Static_assert(sizeof(struct bp_line) == 12, "format");

#endif
