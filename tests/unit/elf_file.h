/* SPDX-License-Identifier: ISC */
/* A small good image, as it lies in the file, for tests to bend. */
#ifndef ELF_FILE_H
#define ELF_FILE_H

#include <elf.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "manifest.h"
#include "memory_map.h"

#define PH_COUNT 6

struct elf_note {
	Elf64_Nhdr header;
	char name[4];
};

struct elf_file {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[PH_COUNT]; /* r--, r-x, rw-, notes, stack, spare */
	struct elf_note abi_note;
	struct bp_note_abi abi;
	struct elf_note device_note;
	struct bp_note_device device;
	struct elf_note other_note; /* of somebody else */
	uint8_t other[8];
	uint8_t text[24];
	uint8_t data[12];
};

_Static_assert(offsetof(struct elf_file, data) + 12 == sizeof(struct elf_file),
	       "no padding at the end");

#define AT(field)   offsetof(struct elf_file, field)
#define SIZE(field) sizeof(((struct elf_file *)0)->field)
#define NOTES_BYTES (AT(text) - AT(abi_note))

#define TEXT_GPA (BP_IMAGE_BASE + 0x1000 + AT(text))
#define DATA_GPA (BP_IMAGE_BASE + 0x2000 + AT(data))

#define PH_HEADERS 0
#define PH_TEXT	   1
#define PH_DATA	   2
#define PH_NOTES   3
#define PH_SPARE   5

static const struct elf_file elf_good = {
	.eh = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1},
	       .e_type = ET_EXEC,
	       .e_machine = EM_X86_64,
	       .e_version = 1,
	       .e_entry = TEXT_GPA + 4,
	       .e_phoff = AT(ph),
	       .e_ehsize = sizeof(Elf64_Ehdr),
	       .e_phentsize = sizeof(Elf64_Phdr),
	       .e_phnum = PH_COUNT},
	.ph = {{PT_LOAD, PF_R, 0, BP_IMAGE_BASE, 0, AT(text), AT(text), 4096},
	       {PT_LOAD, PF_R | PF_X, AT(text), TEXT_GPA, 0, SIZE(text),
		SIZE(text), 4096},
	       {PT_LOAD, PF_R | PF_W, AT(data), DATA_GPA, 0, SIZE(data), 0x2345,
		4096},
	       {PT_NOTE, PF_R, AT(abi_note), 0, 0, NOTES_BYTES, 0, 4},
	       {PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 8},
	       {PT_NULL, 0, 0, 0, 0, 0, 0, 0}},
	.abi_note = {{4, sizeof(struct bp_note_abi), BP_NOTE_ABI}, "HVT"},
	.abi = {BP_ABI_MAJOR, BP_ABI_MINOR, 0},
	.device_note = {{4, sizeof(struct bp_note_device), BP_NOTE_DEVICE},
			"HVT"},
	.device = {BP_DEVICE_BLOCK, "data"},
	.other_note = {{4, 8, 3}, "GNU"},
	.other = {1, 2, 3, 4, 5, 6, 7, 8},
	.text = {0xf4, 0xf4, 0xf4, 0xf4, 0xf4, 0xf4, 0xf4, 0xf4},
	.data = "initialised",
};

/* A file in memory with these bytes; for good when it cannot be had. */
static inline int elf_open(const void *bytes, size_t count)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	if (fd < 0 || pwrite(fd, bytes, count, 0) != (ssize_t)count)
		_exit(1);
	return fd;
}

#endif
