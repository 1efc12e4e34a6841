/* SPDX-License-Identifier: ISC */
/*
 * What a user reads about each kind of bad image: one good image, and rows
 * that bend it in one place each.
 */
#include "image_load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "elf_file.h"
#include "guest_memory.h"
#include "image_layout.h"
#include "tap.h"

#define PAGE BP_PAGE_BYTES

#define IN(field) AT(field), SIZE(field)
#define PH(i, field)                                                     \
	AT(ph) + (i) * sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, field), \
		sizeof(((Elf64_Phdr *)0)->field)

struct row {
	const char *what;
	size_t at, bytes; /* where to put the value; 0 bytes: cut there */
	uint64_t value;
	const char *words; /* in the refusal; NULL: accepted */
};

static const struct row rows[] = {
	{"unchanged", 0, 1, 0x7f, NULL},
	{"empty", 0, 0, 0, "empty"},
	{"one byte", 1, 0, 0, "truncated"},
	{"half an ELF header", 32, 0, 0, "truncated"},
	{"an ELF header only", AT(ph), 0, 0, "truncated"},
	{"half its program headers", AT(ph) + 99, 0, 0, "truncated"},
	{"half a text", AT(text) + 1, 0, 0, "truncated"},
	{"half its data", AT(data) + 1, 0, 0, "truncated"},
	{"a text file", 0, 4, 0x74786574, "not an ELF file"},
	{"a script", 0, 4, 0x2f2f2123, "not an ELF file"},
	{"32-bit", EI_CLASS, 1, ELFCLASS32, "another machine"},
	{"big-endian", EI_DATA, 1, ELFDATA2MSB, "another machine"},
	{"for aarch64", IN(eh.e_machine), EM_AARCH64, "another machine"},
	{"for aarch64, named", IN(eh.e_machine), EM_AARCH64, "183"},
	{"position-independent", IN(eh.e_type), ET_DYN, "dynamic"},
	{"an object file", IN(eh.e_type), ET_REL, "not an executable"},
	{"a core file", IN(eh.e_type), ET_CORE, "not an executable"},
	{"of ELF version 2", IN(eh.e_version), 2, "damaged"},
	{"with small ELF header", IN(eh.e_ehsize), 52, "damaged"},
	{"with small program headers", IN(eh.e_phentsize), 32, "damaged"},
	{"with no program header", IN(eh.e_phnum), 0, "program headers"},
	{"with 25 program headers", IN(eh.e_phnum), 25, "program headers"},
	{"with PN_XNUM", IN(eh.e_phnum), 0xffff, "program headers"},
	{"headers at the end", IN(eh.e_phoff), AT(text), "truncated"},
	{"headers far away", IN(eh.e_phoff), 1ULL << 63, "truncated"},
	{"headers wrap", IN(eh.e_phoff), -8ULL, "truncated"},
	{"with an interpreter", PH(5, p_type), PT_INTERP, "dynamic"},
	{"with a dynamic section", PH(5, p_type), PT_DYNAMIC, "dynamic"},
	{"writable text", PH(1, p_flags), 7, "writable and executable"},
	{"executable data", PH(2, p_flags), 7, "writable and executable"},
	{"unreadable text", PH(1, p_flags), PF_X, "not readable"},
	{"write-only data", PH(2, p_flags), PF_W, "not readable"},
	{"text on headers", PH(1, p_vaddr), BP_IMAGE_BASE, "overlaps"},
	{"text on headers' page", PH(1, p_vaddr), BP_IMAGE_BASE + 0xfff,
	 "overlaps"},
	{"headers' memory reaches text", PH(0, p_memsz), 0x1001, "overlaps"},
	{"headers' memory up to text", PH(0, p_memsz), 0x1000, NULL},
	{"out of order", PH(2, p_vaddr), BP_IMAGE_BASE + 0x1000, "order"},
	{"below the image base", PH(0, p_vaddr), BP_IMAGE_BASE - PAGE,
	 "outside"},
	{"on boot info", PH(0, p_vaddr), BP_BOOT_INFO_GPA, "outside"},
	{"on the supervisor pages", PH(0, p_vaddr), PAGE, "outside"},
	{"at address 0", PH(0, p_vaddr), 0, "outside"},
	{"above all memory", PH(2, p_vaddr), BP_MEM_MAX_BYTES, "outside"},
	{"at the end of addresses", PH(2, p_vaddr), -1ULL, "outside"},
	{"address and size wrap", PH(2, p_memsz), -DATA_GPA, "outside"},
	{"of all memory", PH(2, p_memsz), BP_MEM_MAX_BYTES, "outside"},
	{"of huge size", PH(2, p_memsz), 1ULL << 63, "outside"},
	{"of the largest size", PH(2, p_memsz), -1ULL, "outside"},
	{"larger in the file", PH(2, p_memsz), 11, "larger in the file"},
	{"beyond the file", PH(2, p_filesz), 13, "past the end"},
	{"far beyond the file", PH(2, p_offset), 1ULL << 62, "past the end"},
	{"offset wraps", PH(2, p_offset), -8ULL, "past the end"},
	{"entry at 0", IN(eh.e_entry), 0, "entry"},
	{"entry in data", IN(eh.e_entry), DATA_GPA, "entry"},
	{"entry in headers", IN(eh.e_entry), BP_IMAGE_BASE, "entry"},
	{"entry before text", IN(eh.e_entry), TEXT_GPA - 1, "entry"},
	{"entry at text", IN(eh.e_entry), TEXT_GPA, NULL},
	{"entry at text's end", IN(eh.e_entry), TEXT_GPA + SIZE(text) - 1,
	 NULL},
	{"entry behind text", IN(eh.e_entry), TEXT_GPA + SIZE(text), "entry"},
	{"entry far away", IN(eh.e_entry), -1ULL, "entry"},
	{"without notes", PH(3, p_type), PT_NULL, "no ABI note"},
	{"with empty notes", PH(3, p_filesz), 0, "no ABI note"},
	{"with another's ABI note", AT(abi_note.name), 4, 0x554e47,
	 "no ABI note"},
	{"for ABI 2", IN(abi.major), BP_ABI_MAJOR + 1, "ABI 2."},
	{"for ABI 65535", IN(abi.major), 0xffff, "ABI 65535"},
	{"for the next minor ABI", IN(abi.minor), BP_ABI_MINOR + 1,
	 "built for ABI 1."},
	{"for ABI 0", IN(abi.major), 0, "ABI"},
	{"long ABI note", IN(abi_note.header.n_descsz), 12, "ABI note"},
	{"short ABI note", IN(abi_note.header.n_descsz), 5, "ABI note"},
	{"long device note", IN(device_note.header.n_descsz), 40, "device"},
	{"short device note", IN(device_note.header.n_descsz), 33, "device"},
	{"note name too long", IN(abi_note.header.n_namesz), 0xfffffffc,
	 "damaged"},
	{"note name wraps", IN(abi_note.header.n_namesz), 0xffffffff,
	 "damaged"},
	{"note too long", IN(abi_note.header.n_descsz), 0xfffffff8, "damaged"},
	{"note wraps", IN(abi_note.header.n_descsz), 0xffffffff, "damaged"},
	{"last note cut", PH(3, p_filesz), NOTES_BYTES - 4, "damaged"},
	{"notes beyond the file", PH(3, p_filesz), 8192, "past the end"},
	{"notes far away", PH(3, p_offset), -4ULL, "past the end"},
	{"unknown note", IN(device_note.header.n_type), 99, NULL},
	{"unknown kind of device", IN(device.kind), BP_DEVICE_KIND_COUNT,
	 "device"},
	{"no kind of device", IN(device.kind), BP_DEVICE_NONE, "device"},
	{"unnamed device", AT(device.name), 4, 0, "device"},
	{"device with a capital", AT(device.name), 1, 'D', "device"},
	{"device with a slash", AT(device.name), 1, '/', "device"},
	{"device with a newline", AT(device.name), 1, '\n', "device"},
	{"device with a high byte", AT(device.name), 1, 0xe4, "device"},
	{"device without NUL", AT(device.name), 32, 'y', "device"},
	{"device of 31 bytes", AT(device.name), 31, 'y', NULL},
};

static int parse(struct image *image, const void *bytes, size_t count)
{
	int fd = elf_open(bytes, count), err;

	memset(image, 0x5a, sizeof(*image));
	err = image_parse(image, fd);
	close(fd);
	return err;
}

/* Whether an outcome is as @words say (NULL: accepted). */
static void expect(const struct image *image, int err, const char *what,
		   const char *words)
{
	if (!words) {
		EXPECT(!err, "%s: refused: %s", what, image->error);
		return;
	}
	EXPECT(err == -ENOEXEC, "%s: %d", what, err);
	if (err)
		EXPECT(strstr(image->error, words) &&
			       !strchr(image->error, '\n'),
		       "%s: %s", what, image->error);
}

static void test_rows(void)
{
	for (unsigned i = 0; i < COUNT_OF(rows); i++) {
		const struct row *r = &rows[i];
		struct elf_file f = elf_good;
		size_t bytes = r->bytes ? sizeof(f) : r->at;
		struct image image;
		char text[120];

		if (r->bytes > 8)
			memset((char *)&f + r->at, (int)r->value, r->bytes);
		else
			memcpy((char *)&f + r->at, &r->value, r->bytes);
		expect(&image, parse(&image, &f, bytes), r->what, r->words);
		snprintf(text, sizeof(text), "an image, %s, is %s%s", r->what,
			 r->words ? "refused: " : "accepted",
			 r->words ? r->words : "");
		promise(text);
	}
}

/* Room for as many program headers and notes as one likes. */
struct wide_file {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[24];
	uint8_t notes[16384];
	uint8_t text[16];
};

static struct wide_file *wide_new(unsigned segments)
{
	struct wide_file *w = calloc(1, sizeof(*w));

	if (!w)
		exit(1);
	w->eh = elf_good.eh;
	w->eh.e_phoff = offsetof(struct wide_file, ph);
	w->eh.e_phnum = (Elf64_Half)(segments + 1);
	w->eh.e_entry = BP_IMAGE_BASE;
	for (unsigned i = 0; i < segments; i++)
		w->ph[i] = (Elf64_Phdr){PT_LOAD,
					PF_R | PF_X,
					offsetof(struct wide_file, text),
					BP_IMAGE_BASE + i * PAGE,
					0,
					16,
					PAGE,
					PAGE};
	w->ph[segments] =
		(Elf64_Phdr){.p_type = PT_NOTE,
			     .p_offset = offsetof(struct wide_file, notes)};
	return w;
}

static void wide_note(struct wide_file *w, uint32_t type, const void *desc,
		      uint32_t bytes)
{
	Elf64_Phdr *p = &w->ph[w->eh.e_phnum - 1];
	struct elf_note note = {{4, bytes, type}, "HVT"};

	memcpy(w->notes + p->p_filesz, &note, sizeof(note));
	memcpy(w->notes + p->p_filesz + sizeof(note), desc, bytes);
	p->p_filesz += sizeof(note) + (bytes + 3) / 4 * 4;
}

static void wide_expect(struct wide_file *w, const char *what,
			const char *words)
{
	struct image image;

	expect(&image, parse(&image, w, sizeof(*w)), what, words);
	free(w);
}

static void test_segment_limit(void)
{
	for (unsigned n = 15; n <= 17; n++) {
		struct wide_file *w = wide_new(n);

		wide_note(w, BP_NOTE_ABI, &elf_good.abi, sizeof(elf_good.abi));
		wide_expect(w, "segments", n > 16 ? "segments" : NULL);
	}
	promise("an image has up to 16 segments");
}

static void test_device_limit(void)
{
	for (unsigned n = 31; n <= 33; n++) {
		struct wide_file *w = wide_new(1);

		wide_note(w, BP_NOTE_ABI, &elf_good.abi, sizeof(elf_good.abi));
		for (unsigned i = 0; i < n; i++) {
			struct bp_note_device d = {.kind = BP_DEVICE_BLOCK};

			snprintf(d.name, sizeof(d.name), "data%u", i);
			wide_note(w, BP_NOTE_DEVICE, &d, sizeof(d));
		}
		wide_expect(w, "devices", n > 32 ? "32 devices" : NULL);
	}
	promise("an image declares up to 32 devices");
}

static void test_notes_limit(void)
{
	static const uint8_t zeros[8192];

	for (unsigned extra = 0; extra <= 4; extra += 4) {
		struct wide_file *w = wide_new(1);

		wide_note(w, BP_NOTE_ABI, &elf_good.abi, sizeof(elf_good.abi));
		wide_note(w, 99, zeros, 8192 - 24 - sizeof(struct elf_note));
		w->ph[1].p_filesz += extra;
		wide_expect(w, "notes", extra ? "notes are longer" : NULL);
	}
	promise("an image has up to 8192 bytes of notes in a segment");
}

static void test_two_abi_notes(void)
{
	for (unsigned major = 0; major < 3; major++) {
		struct bp_note_abi first = {.major = (uint16_t)major};
		struct wide_file *w = wide_new(1);

		wide_note(w, BP_NOTE_ABI, &first, sizeof(first));
		wide_note(w, BP_NOTE_ABI, &elf_good.abi, sizeof(elf_good.abi));
		wide_expect(w, "two ABI notes", "ABI");
	}
	promise("two ABI notes are refused, whatever the first one says");
}

static void test_does_not_fit(void)
{
	struct elf_file f = elf_good;
	struct image_layout layout = {.heap_start = 7};
	struct image image;
	int err;

	f.ph[PH_DATA].p_memsz = 100 << 20;
	EXPECT(!parse(&image, &f, sizeof(f)), "refused: %s", image.error);
	err = image_lay_out(&image, 64 << 20, 0, &layout);
	expect(&image, err, "100 MiB of data in 64 MiB", "--mem=110M");
	EXPECT(layout.heap_start == 7, "an output was written on failure");
	EXPECT(!image_lay_out(&image, 110 << 20, 0, &layout), "%s",
	       image.error);
	f.ph[PH_DATA].p_memsz = BP_MEM_MAX_BYTES - DATA_GPA;
	EXPECT(!parse(&image, &f, sizeof(f)), "refused: %s", image.error);
	err = image_lay_out(&image, BP_MEM_MAX_BYTES, 0, &layout);
	expect(&image, err, "64 GiB of data", "too large for any");
	promise("an image that does not fit is refused with the memory it "
		"needs");
}

static void test_shortened(void)
{
	struct image_layout layout;
	struct guest_mem mem;
	struct image image;
	int fd = elf_open(&elf_good, sizeof(elf_good)), err;

	EXPECT(!image_parse(&image, fd), "refused: %s", image.error);
	EXPECT(!image_lay_out(&image, 64 << 20, 0, &layout), "%s", image.error);
	if (guest_mem_init(&mem, 64 << 20, PAGE) || ftruncate(fd, AT(text)))
		exit(1);
	EXPECT(!image_add_regions(&image, &layout, &mem), "no regions");
	err = image_load(&image, &mem);
	expect(&image, err, "cut after it was checked", "shorter");
	promise("an image that becomes shorter while it is loaded is refused");
	guest_mem_finish(&mem);
	close(fd);
}

static void test_not_a_file(void)
{
	struct image image;
	int fds[2];

	if (pipe(fds))
		exit(1);
	expect(&image, image_parse(&image, fds[0]), "a pipe", "not a regular");
	close(fds[0]);
	EXPECT(image_parse(&image, fds[0]) == -EBADF, "a closed descriptor");
	promise("what is no regular file is refused before it is read");
}

int main(void)
{
	test_rows();
	test_segment_limit();
	test_device_limit();
	test_notes_limit();
	test_two_abi_notes();
	test_does_not_fit();
	test_shortened();
	test_not_a_file();
	return promises_end();
}
