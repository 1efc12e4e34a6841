/* SPDX-License-Identifier: ISC */
/*
 * Names for addresses, from a debug file that is good, absent, or damaged in
 * every way: the answer is right, or "?", and it comes soon.
 */
#include "symbol.h"

#include <elf.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "image_load.h"
#include "tap.h"

#define MUTATIONS    100000u
#define LIMIT_S	     5
#define LARGE_COUNT  200000u
#define STRING_BYTES 40

/* As it lies in the file. Sections: none, symbols, strings. */
struct file {
	Elf64_Ehdr eh;
	Elf64_Shdr sh[3];
	Elf64_Sym symbol[7];
	char strings[STRING_BYTES];
};

#define AT(field)   offsetof(struct file, field)
#define SIZE(field) sizeof(((struct file *)0)->field)
#define FUNC	    ELF64_ST_INFO(STB_GLOBAL, STT_FUNC)
#define OBJECT	    ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT)

static const struct image no_id;

static const struct file file = {
	.eh = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1},
	       .e_type = ET_EXEC,
	       .e_machine = EM_X86_64,
	       .e_version = 1,
	       .e_shoff = AT(sh),
	       .e_ehsize = sizeof(Elf64_Ehdr),
	       .e_shentsize = sizeof(Elf64_Shdr),
	       .e_shnum = 3},
	.sh = {{0},
	       {.sh_type = SHT_SYMTAB,
		.sh_offset = AT(symbol),
		.sh_size = SIZE(symbol),
		.sh_link = 2,
		.sh_entsize = sizeof(Elf64_Sym)},
	       {.sh_type = SHT_STRTAB,
		.sh_offset = AT(strings),
		.sh_size = SIZE(strings)}},
	.symbol = {{0},
		   {.st_name = 1,
		    .st_info = FUNC,
		    .st_value = 0x101000,
		    .st_size = 0x100},
		   {.st_name = 6, .st_info = FUNC, .st_value = 0x102000},
		   {.st_name = 11, .st_info = OBJECT, .st_value = 0x101080},
		   {.st_name = 17,
		    .st_info = FUNC,
		    .st_value = 0x101200,
		    .st_size = 8},
		   {.st_name = 17,
		    .st_info = FUNC,
		    .st_value = 0x105000,
		    .st_size = 8},
		   {.st_name = 1000, .st_info = FUNC, .st_value = 0x103000}},
	.strings = "\0main\0tail\0table\0tiny",
};

static char dir[] = "/tmp/symbol_test.XXXXXX", image[64], debug[72];

/* The debug file is a link to memory, as there are many to be written. */
static int memory_fd;

static void link_file(void)
{
	char to[40];

	snprintf(to, sizeof(to), "/proc/self/fd/%d", memory_fd);
	if (symlink(to, debug))
		exit(1);
}

static void put_file(const void *bytes, size_t count)
{
	if (ftruncate(memory_fd, 0) ||
	    pwrite(memory_fd, bytes, count, 0) != (ssize_t)count)
		exit(1);
}

static struct symbols *read_symbols(void)
{
	struct symbol_file opened;
	struct symbols *s;

	symbol_file_open(&opened, image);
	s = symbols_read(&opened, &no_id);
	if (opened.fd >= 0)
		close(opened.fd);
	return s;
}

static void name_is(const struct symbols *s, uint64_t pc, const char *want)
{
	char text[112] = "untouched";

	symbols_format(s, pc, text, sizeof(text));
	EXPECT(!strcmp(text, want), "0x%llx: %s instead of %s",
	       (unsigned long long)pc, text, want);
}

static void test_good(void)
{
	struct symbols *s;

	put_file(&file, sizeof(file));
	s = read_symbols();
	EXPECT(s != NULL, "not read");
	name_is(s, 0x101000, "main+0x0");
	name_is(s, 0x1010ff, "main+0xff");
	name_is(s, 0x101100, "?");
	name_is(s, 0x101207, "tiny+0x7");
	name_is(s, 0x101208, "?");
	name_is(s, 0x102000, "tail+0x0");
	name_is(s, 0x104000, "tail+0x2000");
	name_is(s, 0x105007, "tiny+0x7");
	name_is(s, 0x105008, "?");
	name_is(s, 0x100fff, "?");
	name_is(s, 0, "?");
	symbols_free(s);
	promise("an address is named by the function it lies in, or \"?\"");
}

static void test_absent(void)
{
	unlink(debug);
	EXPECT(!read_symbols(), "read from nothing");
	if (mkfifo(debug, 0600))
		exit(1);
	EXPECT(!read_symbols(), "read from a FIFO");
	unlink(debug);
	if (mkdir(debug, 0700))
		exit(1);
	EXPECT(!read_symbols(), "read from a directory");
	rmdir(debug);
	link_file();
	name_is(NULL, 0x101000, "?");
	symbols_free(NULL);
	promise("without a debug file every name is \"?\"");
}

static void test_short_text(void)
{
	char text[8];
	struct symbols *s;

	put_file(&file, sizeof(file));
	s = read_symbols();
	for (size_t n = 1; n <= sizeof(text); n++) {
		memset(text, 'x', sizeof(text));
		symbols_format(s, 0x1010ff, text, n);
		EXPECT(strnlen(text, n) == n - 1 &&
			       !strncmp(text, "main+0xff", n - 1),
		       "in %zu bytes: %.8s", n, text);
	}
	symbols_free(s);
	promise("a name is cut to the room there is");
}

/* Whatever is in the file: a short text that ends. */
static void try_file(const void *bytes, size_t count)
{
	static const uint64_t pcs[] = {0, 0x101010, 0x102010, 0x7fffffff,
				       UINT64_MAX};
	struct symbols *s;

	put_file(bytes, count);
	s = read_symbols();
	for (unsigned i = 0; i < COUNT_OF(pcs); i++) {
		char text[112];

		memset(text, 0x5a, sizeof(text));
		symbols_format(s, pcs[i], text, sizeof(text));
		EXPECT(memchr(text, 0, sizeof(text)) && text[0],
		       "no text for 0x%llx", (unsigned long long)pcs[i]);
		for (size_t at = 0; at < sizeof(text) && text[at]; at++)
			EXPECT(text[at] >= ' ' && text[at] <= '~',
			       "byte 0x%02x in a name", (unsigned)text[at]);
	}
	symbols_free(s);
}

static void test_damaged(void)
{
	uint64_t seed = 11;

	for (size_t n = 0; n < sizeof(file); n++)
		try_file(&file, n);
	for (size_t at = 0; at < sizeof(file); at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			struct file f = file;

			((uint8_t *)&f)[at] ^= (uint8_t)(1u << bit);
			try_file(&f, sizeof(f));
		}
	for (unsigned i = 0; i < MUTATIONS; i++) {
		static const uint64_t values[] = {
			0,	    1,		sizeof(file),
			1ULL << 31, 1ULL << 32, 1ULL << 63,
			AT(sh),	    AT(symbol), AT(strings)};
		struct file f = file;

		for (unsigned j = 0; j <= i % 3; j++) {
			uint64_t r = random_next(&seed), value;

			value = values[(r >> 8) % COUNT_OF(values)] +
				(r >> 16) % 3 - 1;
			memcpy((uint8_t *)&f + (r >> 32) % (sizeof(f) - 8),
			       &value, r & 1 ? 8 : 4);
		}
		try_file(&f, sizeof(f));
	}
	promise("a debug file that is cut, has a bit off or 100,000 random "
		"damages gives a name or \"?\"");
}

/* Many symbols whose long names end at the same place, or nowhere. */
static void test_time(bool ends)
{
	size_t table = LARGE_COUNT * sizeof(Elf64_Sym), strings = table;
	size_t bytes = AT(symbol) + table + strings;
	uint8_t *f = calloc(1, bytes);
	struct file head = file;
	struct timespec start, end;
	struct symbols *s;
	char text[112];

	if (!f)
		exit(1);
	head.sh[1].sh_size = table;
	head.sh[2].sh_offset = AT(symbol) + table;
	head.sh[2].sh_size = strings;
	memcpy(f, &head, AT(symbol));
	for (unsigned i = 0; i < LARGE_COUNT; i++) {
		Elf64_Sym symbol = {.st_name = i, .st_info = FUNC};

		memcpy(f + AT(symbol) + i * sizeof(symbol), &symbol,
		       sizeof(symbol));
	}
	memset(f + AT(symbol) + table, 'x', strings);
	f[bytes - 1] = ends ? 0 : 'x';
	put_file(f, bytes);
	free(f);
	clock_gettime(CLOCK_MONOTONIC, &start);
	s = read_symbols();
	symbols_format(s, 0x101000, text, sizeof(text));
	symbols_free(s);
	clock_gettime(CLOCK_MONOTONIC, &end);
	EXPECT(text[0] == (ends ? 'x' : '?'), "%s", text);
	EXPECT(end.tv_sec - start.tv_sec < LIMIT_S, "it took %lld s",
	       (long long)(end.tv_sec - start.tv_sec));
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	snprintf(image, sizeof(image), "%s/image", dir);
	snprintf(debug, sizeof(debug), "%s.debug", image);
	memory_fd = memfd_create("debug", MFD_CLOEXEC);
	link_file();
	test_good();
	test_absent();
	test_short_text();
	test_damaged();
	test_time(true);
	test_time(false);
	promise("a hostile debug file of 10 MB takes no more than seconds");
	unlink(debug);
	rmdir(dir);
	return promises_end();
}
