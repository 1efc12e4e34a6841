/* SPDX-License-Identifier: ISC */
/* Source lines of guest code: the table of line_table_format.h. */
#ifndef SYMBOL_LINES_H
#define SYMBOL_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A table in memory, whose bounds were checked. Zeroed, it is an empty one. */
struct symbol_lines {
	const uint8_t *line;
	uint32_t count;
	const char *strings;
	uint32_t string_bytes; /* ends with a NUL, if it is not 0 */
	uint64_t base;
};

/* False when the @bytes at @data are no such table. It points into them. */
bool symbol_lines_parse(struct symbol_lines *lines, const uint8_t *data,
			size_t bytes);

/* The file, and its line in *@line, that @pc comes from; NULL: not known. */
const char *symbol_lines_find(const struct symbol_lines *lines, uint64_t pc,
			      unsigned *line);

#endif
