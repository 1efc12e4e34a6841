/* SPDX-License-Identifier: ISC */
/* Source lines from a table that is good, or damaged in every way. */
#include "symbol_lines.h"

#include <stdlib.h>
#include <string.h>

#include "line_table_format.h"
#include "tap.h"

#define MUTATIONS 200000u

struct table {
	struct bp_line_header header;
	struct bp_line line[4];
	char strings[8];
};

static const struct table good = {
	.header = {.magic = BP_LINE_MAGIC,
		   .version = BP_LINE_VERSION,
		   .base = 0x1000,
		   .count = 4,
		   .string_bytes = 8},
	.line = {{0x10, 0, 1}, {0x20, 4, 7}, {0x30, 0, 0}, {0x40, 0, 9}},
	.strings = "a.c\0b.c",
};

static void expect(const struct symbol_lines *lines, uint64_t pc,
		   const char *file, unsigned line)
{
	unsigned found = 0;
	const char *name = symbol_lines_find(lines, pc, &found);

	EXPECT(file ? name && !strcmp(name, file) && found == line : !name,
	       "0x%llx: %s:%u", (unsigned long long)pc, name ? name : "none",
	       found);
}

static void test_find(void)
{
	struct symbol_lines lines = {0};

	expect(&lines, 0x1010, NULL, 0);
	EXPECT(symbol_lines_parse(&lines, (const uint8_t *)&good, sizeof(good)),
	       "refused");
	expect(&lines, 0, NULL, 0);
	expect(&lines, 0x100f, NULL, 0);
	expect(&lines, 0x1010, "a.c", 1);
	expect(&lines, 0x101f, "a.c", 1);
	expect(&lines, 0x1020, "b.c", 7);
	expect(&lines, 0x1030, NULL, 0);
	expect(&lines, 0x103f, NULL, 0);
	expect(&lines, 0x1040, "a.c", 9);
	expect(&lines, 0xffffffff, "a.c", 9);
	expect(&lines, UINT64_MAX, NULL, 0);
	promise("an address has the line that begins at it or before");
}

static void test_damaged(void)
{
	struct symbol_lines lines;
	uint32_t seed = 1;

	for (size_t n = 0; n < sizeof(good); n++)
		EXPECT(!symbol_lines_parse(&lines, (const uint8_t *)&good, n),
		       "cut to %zu bytes, and taken", n);
	promise("a table that is cut short is refused");

	for (unsigned i = 0; i < MUTATIONS; i++) {
		/* On the heap, where a sanitizer sees a byte too much. */
		struct table *t = malloc(sizeof(*t));
		unsigned line;

		if (!t)
			abort();
		*t = good;
		for (unsigned j = 0; j < 1 + i % 3; j++) {
			seed = seed * 1664525u + 1013904223u;
			((uint8_t *)t)[(seed >> 8) % sizeof(*t)] =
				(uint8_t)(seed >> 24);
		}
		if (symbol_lines_parse(&lines, (uint8_t *)t, sizeof(*t)))
			for (uint64_t pc = 0x1000; pc < 0x1050; pc += 8) {
				const char *name =
					symbol_lines_find(&lines, pc, &line);

				EXPECT(!name || strlen(name) < sizeof(*t),
				       "a name without end");
			}
		free(t);
	}
	promise("a damaged table is refused, or gives names that end");
}

int main(void)
{
	test_find();
	test_damaged();
	return promises_end();
}
