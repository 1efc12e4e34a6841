/* SPDX-License-Identifier: ISC */
/*
 * Symbol names for reports. The file may be damaged or hostile like any
 * other: every offset is checked against what was read of it.
 */
#include "symbol.h"

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image_load.h"
#include "line_table_format.h"
#include "symbol_lines.h"

#define MAX_FILE_BYTES (256LL << 20)

struct symbols {
	uint8_t *file; /* owned */
	size_t file_bytes;
	Elf64_Shdr table;
	Elf64_Shdr strings;
	struct symbol_lines lines;
};

static bool inside(const struct symbols *s, uint64_t offset, uint64_t bytes)
{
	return bytes <= s->file_bytes && offset <= s->file_bytes - bytes;
}

static bool section(const struct symbols *s, const Elf64_Ehdr *h,
		    unsigned index, Elf64_Shdr *out)
{
	uint64_t at = index * sizeof(*out);

	if (index >= h->e_shnum || h->e_shoff > s->file_bytes ||
	    !inside(s, h->e_shoff + at, sizeof(*out)))
		return false;
	memcpy(out, s->file + h->e_shoff + at, sizeof(*out));
	return true;
}

/* So that every name in it ends (System V gABI chapter 4, "String Table"). */
static bool ends_with_nul(const struct symbols *s, const Elf64_Shdr *strings)
{
	return strings->sh_size &&
	       !s->file[strings->sh_offset + strings->sh_size - 1];
}

static bool read_header(const struct symbols *s, Elf64_Ehdr *h)
{
	if (!inside(s, 0, sizeof(*h)))
		return false;
	memcpy(h, s->file, sizeof(*h));
	return !memcmp(h->e_ident, ELFMAG, SELFMAG) &&
	       h->e_ident[EI_CLASS] == ELFCLASS64 &&
	       h->e_shentsize == sizeof(Elf64_Shdr);
}

/* The contents of the section @name, *@bytes of them, or NULL. */
static const uint8_t *find_section(const struct symbols *s, const Elf64_Ehdr *h,
				   const char *name, size_t *bytes)
{
	size_t length = strlen(name) + 1;
	Elf64_Shdr names, at;

	if (!section(s, h, h->e_shstrndx, &names) ||
	    !inside(s, names.sh_offset, names.sh_size))
		return NULL;
	for (unsigned i = 0; section(s, h, i, &at); i++) {
		if (at.sh_type == SHT_NOBITS || at.sh_name > names.sh_size ||
		    length > names.sh_size - at.sh_name ||
		    memcmp(s->file + names.sh_offset + at.sh_name, name,
			   length) != 0 ||
		    !inside(s, at.sh_offset, at.sh_size))
			continue;
		*bytes = at.sh_size;
		return s->file + at.sh_offset;
	}
	return NULL;
}

/* A note of one build id ends with it. */
static bool is_of_build(const struct symbols *s, const Elf64_Ehdr *h,
			const struct image *image)
{
	const uint8_t *note;
	size_t bytes;

	if (!image->build_id_bytes)
		return true;
	note = find_section(s, h, ".note.gnu.build-id", &bytes);
	return note && bytes > image->build_id_bytes &&
	       !memcmp(note + bytes - image->build_id_bytes, image->build_id,
		       image->build_id_bytes);
}

static void find_lines(struct symbols *s, const Elf64_Ehdr *h)
{
	size_t bytes;
	const uint8_t *table = find_section(s, h, BP_LINE_SECTION, &bytes);

	if (!table || !symbol_lines_parse(&s->lines, table, bytes))
		s->lines = (struct symbol_lines){0};
}

static bool find_table(struct symbols *s, Elf64_Ehdr h)
{
	for (unsigned i = 0; section(s, &h, i, &s->table); i++)
		if (s->table.sh_type == SHT_SYMTAB)
			return section(s, &h, s->table.sh_link, &s->strings) &&
			       inside(s, s->table.sh_offset,
				      s->table.sh_size) &&
			       inside(s, s->strings.sh_offset,
				      s->strings.sh_size) &&
			       ends_with_nul(s, &s->strings);
	return false;
}

void symbol_file_open(struct symbol_file *file, const char *image_name)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s.debug", image_name);
	struct stat st;

	file->fd = -1;
	if (n < 0 || (size_t)n >= sizeof(path))
		return;
	file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file->fd < 0)
		return;
	if (!fstat(file->fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    st.st_size <= MAX_FILE_BYTES) {
		file->bytes = (size_t)st.st_size;
		return;
	}
	close(file->fd);
	file->fd = -1;
}

/* Into memory: a mapped file that becomes shorter would be a SIGBUS. */
static bool read_file(struct symbols *s, const struct symbol_file *file)
{
	if (file->fd < 0)
		return false;
	/* seccomp: mmap, mprotect, madvise, munmap, brk */
	s->file = malloc(file->bytes);
	while (s->file && s->file_bytes < file->bytes) {
		/* seccomp: pread64 on the debug file */
		ssize_t n = pread(file->fd, s->file + s->file_bytes,
				  file->bytes - s->file_bytes,
				  (off_t)s->file_bytes);

		if (n <= 0)
			break;
		s->file_bytes += (size_t)n;
	}
	return s->file_bytes;
}

struct symbols *symbols_read(const struct symbol_file *file,
			     const struct image *image)
{
	struct symbols *s = calloc(1, sizeof(*s));
	Elf64_Ehdr h;

	if (s && read_file(s, file) && read_header(s, &h) &&
	    is_of_build(s, &h, image) && find_table(s, h)) {
		find_lines(s, &h);
		return s;
	}
	symbols_free(s);
	return NULL;
}

void symbols_free(struct symbols *s)
{
	if (s)
		free(s->file);
	free(s);
}

static const char *name_at(const struct symbols *s, uint32_t offset)
{
	const char *strings = (const char *)s->file + s->strings.sh_offset;
	uint64_t left = s->strings.sh_size;

	if (offset >= left)
		return NULL;
	return strings + offset;
}

void symbols_each(const struct symbols *s, const char *prefix,
		  void (*see)(const char *rest, uint64_t address,
			      void *context),
		  void *context)
{
	size_t count = s ? s->table.sh_size / sizeof(Elf64_Sym) : 0;
	size_t length = strlen(prefix);

	for (size_t i = 0; i < count; i++) {
		const uint8_t *from = s->file + s->table.sh_offset;
		const char *name;
		Elf64_Sym sym;

		memcpy(&sym, from + i * sizeof(sym), sizeof(sym));
		name = name_at(s, sym.st_name);
		if (name && sym.st_shndx != SHN_UNDEF &&
		    !strncmp(name, prefix, length))
			see(name + length, sym.st_value, context);
	}
}

/* The first one whose whole name it is. */
static void see_address(const char *rest, uint64_t address, void *context)
{
	uint64_t *found = context;

	if (!*rest && !*found)
		*found = address;
}

uint64_t symbols_address(const struct symbols *s, const char *wanted)
{
	uint64_t found = 0;

	symbols_each(s, wanted, see_address, &found);
	return found;
}

const char *symbols_line(const struct symbols *s, uint64_t pc, unsigned *line)
{
	return s ? symbol_lines_find(&s->lines, pc, line) : NULL;
}

/*
 * The name of the function that @pc is in, and where that begins; or NULL. One
 * without a size goes on until the next function, whether @pc is in that or
 * behind it.
 */
static const char *find_function(const struct symbols *s, uint64_t pc,
				 uint64_t *begins)
{
	const char *best = NULL;
	size_t count = s ? s->table.sh_size / sizeof(Elf64_Sym) : 0;
	uint64_t passed = 0;
	bool sized = false;

	*begins = 0;
	for (size_t i = 0; i < count; i++) {
		const uint8_t *from = s->file + s->table.sh_offset;
		const char *name;
		Elf64_Sym sym;

		memcpy(&sym, from + i * sizeof(sym), sizeof(sym));
		if (ELF64_ST_TYPE(sym.st_info) != STT_FUNC ||
		    sym.st_value > pc || sym.st_value < *begins)
			continue;
		if (sym.st_size && pc - sym.st_value >= sym.st_size) {
			if (sym.st_value > passed)
				passed = sym.st_value;
			continue;
		}
		name = name_at(s, sym.st_name);
		if (name) {
			best = name;
			sized = sym.st_size != 0;
			*begins = sym.st_value;
		}
	}
	return sized || passed <= *begins ? best : NULL;
}

uint64_t symbols_function(const struct symbols *s, uint64_t pc)
{
	uint64_t begins;

	return find_function(s, pc, &begins) ? begins : 0;
}

void symbols_format(const struct symbols *s, uint64_t pc, char *text,
		    size_t bytes)
{
	uint64_t begins;
	const char *name = find_function(s, pc, &begins);

	if (name)
		snprintf(text, bytes, "%.80s+0x%llx", name,
			 (unsigned long long)(pc - begins));
	else
		snprintf(text, bytes, "?");
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}
