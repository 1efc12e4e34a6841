/* SPDX-License-Identifier: ISC */
#include "symbol_lines.h"

#include <string.h>

#include "line_table_format.h"

bool symbol_lines_parse(struct symbol_lines *lines, const uint8_t *data,
			size_t bytes)
{
	struct bp_line_header h;
	uint64_t line_bytes;

	if (bytes < sizeof(h))
		return false;
	memcpy(&h, data, sizeof(h));
	line_bytes = (uint64_t)h.count * sizeof(struct bp_line);
	if (h.magic != BP_LINE_MAGIC || h.version != BP_LINE_VERSION ||
	    line_bytes > bytes - sizeof(h) ||
	    h.string_bytes > bytes - sizeof(h) - line_bytes)
		return false;
	*lines = (struct symbol_lines){
		.line = data + sizeof(h),
		.count = h.count,
		.strings = (const char *)data + sizeof(h) + line_bytes,
		.string_bytes = h.string_bytes,
		.base = h.base,
	};
	return !h.string_bytes || !lines->strings[h.string_bytes - 1];
}

static struct bp_line get(const struct symbol_lines *lines, uint32_t i)
{
	struct bp_line line;

	memcpy(&line, lines->line + (size_t)i * sizeof(line), sizeof(line));
	return line;
}

/* If the table is not in order, what is found is wrong, and no more. */
const char *symbol_lines_find(const struct symbol_lines *lines, uint64_t pc,
			      unsigned *line)
{
	uint32_t low = 0, high = lines->count;
	struct bp_line found;

	if (pc < lines->base || pc - lines->base > UINT32_MAX)
		return NULL;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (get(lines, middle).offset <= pc - lines->base)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	found = get(lines, low - 1);
	if (!found.line || found.file >= lines->string_bytes)
		return NULL;
	*line = found.line;
	return lines->strings + found.file;
}
