/* SPDX-License-Identifier: ISC */
/* Reads DWARF, with elfutils, so that the tender need not. */
#include "line_table.h"

#include <elfutils/libdw.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "line_table_format.h"

struct table {
	struct bp_line *line;
	size_t count, room;
	char *strings;
	size_t string_bytes, string_room;
	const char *last_file; /* of libdw: the same pointer, the same file */
	uint32_t last_offset;
};

/* Makes room for @bytes more in *@at, of which @used are in use. */
static bool grow(void **at, size_t *room, size_t used, size_t bytes)
{
	size_t wanted = used + bytes, next = *room ? *room * 2 : 4096;
	void *moved;

	if (wanted <= *room)
		return true;
	if (next < wanted)
		next = wanted;
	moved = realloc(*at, next);
	if (!moved)
		return false;
	*at = moved;
	*room = next;
	return true;
}

/* Where @name begins in the strings; those are few, and looked through. */
static bool put_string(struct table *t, const char *name, uint32_t *offset)
{
	size_t bytes = strlen(name) + 1;

	if (name == t->last_file) {
		*offset = t->last_offset;
		return true;
	}
	for (size_t at = 0; at < t->string_bytes;
	     at += strlen(t->strings + at) + 1) {
		if (!strcmp(t->strings + at, name)) {
			*offset = (uint32_t)at;
			goto remember;
		}
	}
	if (!grow((void **)&t->strings, &t->string_room, t->string_bytes,
		  bytes) ||
	    !t->strings)
		return false;
	memcpy(t->strings + t->string_bytes, name, bytes);
	*offset = (uint32_t)t->string_bytes;
	t->string_bytes += bytes;
remember:
	t->last_file = name;
	t->last_offset = *offset;
	return true;
}

/* "./src/a.c" is src/a.c: builds name directories so that they are the same. */
static const char *plain_name(const char *name)
{
	while (name[0] == '.' && name[1] == '/')
		name += 2;
	return name;
}

static int add_line(struct table *t, Dwarf_Line *l)
{
	const char *file = dwarf_linesrc(l, NULL, NULL);
	Dwarf_Addr address;
	struct bp_line line = {0};
	bool end = true;
	int number = 0;

	if (dwarf_lineaddr(l, &address) || dwarf_lineendsequence(l, &end))
		return 0;
	/* Code that the linker dropped is at 0. */
	if (!address || address > UINT32_MAX)
		return 0;
	if (!end && file && !dwarf_lineno(l, &number) && number > 0) {
		line.line = (uint32_t)number;
		if (!put_string(t, plain_name(file), &line.file))
			return -ENOMEM;
	}
	line.offset = (uint32_t)address;
	if (!grow((void **)&t->line, &t->room, t->count * sizeof(line),
		  sizeof(line)))
		return -ENOMEM;
	t->line[t->count++] = line;
	return 0;
}

static int add_unit(struct table *t, Dwarf_Die *unit)
{
	Dwarf_Lines *lines;
	size_t count;
	int err = 0;

	if (dwarf_getsrclines(unit, &lines, &count))
		return 0;
	for (size_t i = 0; i < count && !err; i++)
		err = add_line(t, dwarf_onesrcline(lines, i));
	return err;
}

/* At one address the end of a piece comes before the beginning of the next. */
static int compare(const void *left, const void *right)
{
	const struct bp_line *l = left, *r = right;

	if (l->offset != r->offset)
		return l->offset < r->offset ? -1 : 1;
	return (l->line != 0) - (r->line != 0);
}

/* Of several at one address the last one holds; the same again says nothing. */
static void thin_out(struct table *t)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->count; i++) {
		const struct bp_line *l = &t->line[i];

		if (kept && t->line[kept - 1].offset == l->offset)
			kept--;
		if (kept && t->line[kept - 1].line == l->line &&
		    t->line[kept - 1].file == l->file)
			continue;
		t->line[kept++] = *l;
	}
	t->count = kept;
}

static int read_lines(struct table *t, int fd)
{
	Dwarf *dwarf = dwarf_begin(fd, DWARF_C_READ);
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;
	int err = 0;

	if (!dwarf)
		return 0;
	while (!err &&
	       !dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &die, NULL)) {
		t->last_file = NULL;
		err = add_unit(t, &die);
	}
	dwarf_end(dwarf);
	/* By address, and in the order of DWARF where that is the same. */
	if (!err && t->count) {
		qsort(t->line, t->count, sizeof(*t->line), compare);
		thin_out(t);
	}
	return err;
}

static int write_table(const struct table *t, const char *out)
{
	const struct bp_line_header header = {
		.magic = BP_LINE_MAGIC,
		.version = BP_LINE_VERSION,
		.count = (uint32_t)t->count,
		.string_bytes = (uint32_t)t->string_bytes,
	};
	FILE *f = fopen(out, "we");
	bool good;

	if (!f)
		return -errno;
	good = fwrite(&header, sizeof(header), 1, f) == 1 &&
	       (!t->line ||
		fwrite(t->line, sizeof(*t->line), t->count, f) == t->count) &&
	       (!t->strings ||
		fwrite(t->strings, 1, t->string_bytes, f) == t->string_bytes);
	return fclose(f) || !good ? -EIO : 0;
}

int line_table_write(const char *elf, const char *out)
{
	int fd = open(elf, O_RDONLY | O_CLOEXEC), err;
	struct table t = {0};

	if (fd < 0)
		return -errno;
	err = read_lines(&t, fd);
	close(fd);
	if (!err)
		err = write_table(&t, out);
	free(t.line);
	free(t.strings);
	return err;
}
