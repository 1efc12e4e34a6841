/* SPDX-License-Identifier: ISC */
/*
 * Truth table of elf_check_image(): one good image, and rows that bend it in
 * one place each. Speaks TAP. Built and run by tests/imgbuild.bats, since it
 * links with imgbuild/elf_check.c and libelf, not with the tender.
 */
#include "elf_check.h"

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PH_COUNT 6
#define HUGE_U64 0xfffffffffffff000ULL

struct note {
	Elf64_Nhdr header;
	char name[4];
};

/* As it lies in the file; notes need no padding between them. */
struct file {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[PH_COUNT]; /* r--, r-x, rw-, notes, stack, spare */
	struct note abi_note;
	struct bp_note_abi abi;
	struct note dev0_note;
	struct bp_note_device dev0;
	struct note dev1_note;
	struct bp_note_device dev1;
	struct note id_note;
	uint8_t id[20];
	char rest[0x3000];
};

#define AT(field)   offsetof(struct file, field)
#define NOTES_BYTES (AT(rest) - AT(abi_note))
#define BLOCK_NOTE                                                        \
	{                                                                 \
		{4, sizeof(struct bp_note_device), BP_NOTE_DEVICE}, "HVT" \
	}
#define IN_EH(field) AT(eh.field), sizeof(((struct file *)0)->eh.field)
#define IN_PH(i, field)                                                  \
	AT(ph) + (i) * sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, field), \
		sizeof(((Elf64_Phdr *)0)->field)

static const struct file good = {
	.eh = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1},
	       .e_type = ET_EXEC,
	       .e_machine = EM_X86_64,
	       .e_version = 1,
	       .e_entry = 0x101010,
	       .e_phoff = sizeof(Elf64_Ehdr),
	       .e_ehsize = sizeof(Elf64_Ehdr),
	       .e_phentsize = sizeof(Elf64_Phdr),
	       .e_phnum = PH_COUNT},
	.ph = {{PT_LOAD, PF_R, 0, 0x100000, 0, 0x400, 0x400, 0x1000},
	       {PT_LOAD, PF_R | PF_X, 0x1000, 0x101000, 0, 0x20, 0x20, 0x1000},
	       {PT_LOAD, PF_R | PF_W, 0x2000, 0x102000, 0, 8, 0x9000, 0x1000},
	       {PT_NOTE, PF_R, AT(abi_note), 0, 0, NOTES_BYTES, 0, 4},
	       {PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 8},
	       {PT_NULL, 0, 0, 0, 0, 0, 0, 0}},
	.abi_note = {{4, sizeof(struct bp_note_abi), BP_NOTE_ABI}, "HVT"},
	.abi = {BP_ABI_MAJOR, BP_ABI_MINOR, 0},
	.dev0_note = BLOCK_NOTE,
	.dev0 = {BP_DEVICE_BLOCK, "data"},
	.dev1_note = BLOCK_NOTE,
	.dev1 = {BP_DEVICE_BLOCK, "log"},
	.id_note = {{4, 20, NT_GNU_BUILD_ID}, "GNU"},
	.id = {1, 2, 3},
};

struct row {
	const char *promise;
	size_t at, bytes; /* where to put the value; 0 bytes: truncate there */
	uint64_t value;
	const char *refusal; /* part of the error's text; NULL: is good */
};

static const struct row rows[] = {
	{"the image as it is", IN_EH(e_flags), 0, NULL},
	{"another magic number", 0, 1, 'x', "not an ELF file"},
	{"an empty file", 0, 0, 0, "not an ELF file"},
	{"half an ELF header", 40, 0, 0, "not an ELF file"},
	{"32 bits", 4, 1, ELFCLASS32, "not built for x86-64"},
	{"big-endian", 5, 1, ELFDATA2MSB, "not built for x86-64"},
	{"aarch64", IN_EH(e_machine), EM_AARCH64, "not built for x86-64"},
	{"PIE", IN_EH(e_type), ET_DYN, "position-independent"},
	{"an object", IN_EH(e_type), ET_REL, "not an executable"},
	{"no program headers", IN_EH(e_phnum), 0, "program headers"},
	{"too many headers", IN_EH(e_phnum), 25, "program headers"},
	{"headers out of the file", IN_EH(e_phoff), HUGE_U64, "headers"},
	{"truncated headers", AT(ph[3]), 0, 0, "headers"},
	{"truncated notes", AT(dev0), 0, 0, "truncated"},
	{"truncated data", 0x2007, 0, 0, "truncated"},
	{"a file that ends with its data", 0x2008, 0, 0, NULL},
	{"entry before the code", IN_EH(e_entry), 0x100fff, "entry point"},
	{"entry at its first byte", IN_EH(e_entry), 0x101000, NULL},
	{"entry at its last byte", IN_EH(e_entry), 0x10101f, NULL},
	{"entry behind it", IN_EH(e_entry), 0x101020, "entry point"},
	{"entry in data", IN_EH(e_entry), 0x102000, "entry point"},
	{"code not executable", IN_PH(1, p_flags), PF_R, "entry point"},
	{"W+X", IN_PH(2, p_flags), 7, "both writable and executable"},
	{"write-only", IN_PH(2, p_flags), PF_W, "not readable"},
	{"address 0", IN_PH(0, p_vaddr), 0, "lies outside"},
	{"a page below the base", IN_PH(0, p_vaddr), 0xff000, "lies outside"},
	{"a wrapping end", IN_PH(2, p_vaddr), HUGE_U64, "lies outside"},
	{"a wrapping size", IN_PH(2, p_memsz), HUGE_U64, "lies outside"},
	{"the last page of memory", IN_PH(2, p_vaddr), 0xfffff7000, NULL},
	{"one page more", IN_PH(2, p_vaddr), 0xfffff8000, "lies outside"},
	{"vaddr not on a page", IN_PH(2, p_vaddr), 0x102008, "page-aligned"},
	{"offset not on a page", IN_PH(1, p_offset), 0x1001, "page-aligned"},
	{"offset wraps", IN_PH(1, p_offset), HUGE_U64, "truncated"},
	{"file size wraps", IN_PH(2, p_filesz), HUGE_U64, "larger in the file"},
	{"filesz over memsz", IN_PH(1, p_filesz), 0x21, "larger in the file"},
	{"overlap by a page", IN_PH(1, p_memsz), 0x1001, "overlaps"},
	{"exactly adjacent", IN_PH(1, p_memsz), 0x1000, NULL},
	{"out of order", IN_PH(2, p_vaddr), 0x100000, "overlaps"},
	{"empty segment", IN_PH(2, p_memsz), 0, NULL},
	{"interpreter", IN_PH(5, p_type), PT_INTERP, "dynamically linked"},
	{"dynamic", IN_PH(5, p_type), PT_DYNAMIC, "dynamically linked"},
	{"executable stack", IN_PH(4, p_flags), 7, "executable stack"},
	{"notes out of the file", IN_PH(3, p_offset), HUGE_U64, "truncated"},
	{"notes that wrap", IN_PH(3, p_offset), 0 - NOTES_BYTES, "truncated"},
	{"notes of 8 KiB and one", IN_PH(3, p_filesz), 8193, "longer than"},
	{"no notes", IN_PH(3, p_filesz), 0, "no ABI note"},
	{"notes cut in a note", IN_PH(3, p_filesz), 20, "notes"},
	{"a name past the end", AT(id_note), 4, 0x7fffffff, "notes"},
	{"a wrapping name", AT(id_note), 4, 0xffffffff, "notes"},
	{"a wrapping description", AT(id_note) + 4, 4, 0xffffffff, "notes"},
	{"another owner", AT(abi_note.name), 1, 'X', "no ABI note"},
	{"a short ABI note", AT(abi_note) + 4, 4, 4, "ABI note"},
	{"ABI note of a device's size", AT(dev0_note) + 8, 4, BP_NOTE_ABI,
	 "ABI note"},
	{"two ABI notes", AT(dev0_note) + 4, 8, BP_NOTE_ABI *(1ULL << 32) + 8,
	 "repeated ABI note"},
	{"ABI 0", AT(abi), 2, 0, "no ABI note"},
	{"next major", AT(abi), 2, BP_ABI_MAJOR + 1, "made for ABI"},
	{"next minor", AT(abi) + 2, 2, BP_ABI_MINOR + 1, "made for ABI"},
	{"unknown note", AT(dev0_note) + 8, 4, 99, NULL},
	{"device kind 0", AT(dev0), 4, 0, "device"},
	{"unknown device kind", AT(dev0), 4, 0xffffffff, "device"},
	{"empty device name", AT(dev0) + 4, 4, 0, "device"},
	{"bad device name", AT(dev0) + 4, 1, '"', "device"},
	{"name not padded", AT(dev0) + 35, 1, 'x', "device"},
	{"short device note", AT(dev1_note) + 4, 4, 32, "device"},
	{"long device name", AT(dev0) + 8, 28, 'y', "device"},
	{"same device twice", AT(dev0) + 4, 4, 0x676f6c, "named 'log'"},
};

/* The file of one row, in memory; -1 if there is none to be had. */
static int row_open(const struct row *row)
{
	struct file f = good;
	size_t bytes = sizeof(f);
	int fd = memfd_create("image", MFD_CLOEXEC);

	if (row->bytes > 8)
		memset((char *)&f + row->at, (int)row->value, row->bytes);
	else if (row->bytes)
		memcpy((char *)&f + row->at, &row->value, row->bytes);
	else
		bytes = row->at;
	if (fd >= 0 && write(fd, &f, bytes) != (ssize_t)bytes) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool row_passes(const struct row *row)
{
	struct elf_check_error error = {""};
	struct image_info info;
	int err, fd = row_open(row);

	if (fd < 0)
		return false;
	memset(&info, 0x55, sizeof(info));
	err = elf_check_image(fd, &info, &error);
	close(fd);
	if (!row->refusal)
		return !err && info.abi.major == BP_ABI_MAJOR &&
		       info.build_id_bytes == 20 && info.build_id[2] == 3;
	printf("# %s: %s\n", row->promise, error.text);
	/* Outputs are written on success only. */
	return err && info.segment_count == 0x55555555 &&
	       strstr(error.text, row->refusal) && !strchr(error.text, '\n');
}

int main(void)
{
	size_t count = sizeof(rows) / sizeof(rows[0]);
	int failed = 0;

	printf("1..%zu\n", count);
	for (size_t i = 0; i < count; i++) {
		bool passes = row_passes(&rows[i]);

		failed |= !passes;
		printf("%sok %zu elf_check: %s is %s\n", passes ? "" : "not ",
		       i + 1, rows[i].promise,
		       rows[i].refusal ? "refused" : "good");
	}
	return failed;
}
