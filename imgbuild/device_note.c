/* SPDX-License-Identifier: ISC */
#include "device_note.h"

#include <elf.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const kind_names[] = {
	[BP_DEVICE_BLOCK] = "block",
	[BP_DEVICE_NET] = "net",
};

#define KIND_COUNT (sizeof(kind_names) / sizeof(kind_names[0]))

const char *device_kind_name(uint32_t kind)
{
	return kind < KIND_COUNT ? kind_names[kind] : NULL;
}

bool device_name_valid(const char name[BP_DEVICE_NAME_BYTES])
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "0123456789_-";
	size_t n = strnlen(name, BP_DEVICE_NAME_BYTES);

	if (n == 0 || n == BP_DEVICE_NAME_BYTES || strspn(name, allowed) != n)
		return false;
	for (size_t i = n; i < BP_DEVICE_NAME_BYTES; i++)
		if (name[i])
			return false;
	return true;
}

static bool parse_kind(struct bp_note_device *device, const char *text,
		       size_t n)
{
	for (uint32_t kind = 0; kind < KIND_COUNT; kind++) {
		const char *name = kind_names[kind];

		if (name && strlen(name) == n && !memcmp(name, text, n)) {
			device->kind = kind;
			return true;
		}
	}
	return false;
}

int device_note_parse(struct bp_note_device *device, const char *text)
{
	struct bp_note_device d = {0};
	size_t kind_bytes = strcspn(text, ":");
	const char *name = text + kind_bytes + 1;

	if (!text[kind_bytes] || !parse_kind(&d, text, kind_bytes)) {
		warnx("--device=%s: neither block:NAME nor net:NAME", text);
		return -EINVAL;
	}
	memcpy(d.name, name, strnlen(name, sizeof(d.name)));
	if (!device_name_valid(d.name)) {
		warnx("--device=%s: a device name is 1 to %d of a-z 0-9 _ -",
		      text, BP_DEVICE_NAME_BYTES - 1);
		return -EINVAL;
	}
	*device = d;
	return 0;
}

/* One note: System V gABI chapter 5, "Note Section". */
struct device_note {
	Elf64_Nhdr header;
	char owner[BP_NOTE_NAME_BYTES];
	struct bp_note_device device;
};

_Static_assert(sizeof(struct device_note) ==
		       sizeof(Elf64_Nhdr) + BP_NOTE_NAME_BYTES +
			       sizeof(struct bp_note_device),
	       "a note has no padding");

/* Everything in the object but the notes, which follow it. */
struct object {
	Elf64_Ehdr header;
	Elf64_Shdr section[4]; /* none, notes, stack mark, names */
	char names[48];
};

#define NAMES	   "\0.note.hvt.device\0.note.GNU-stack\0.shstrtab"
#define NAME_NOTES 1
#define NAME_STACK 18
#define NAME_NAMES 34

_Static_assert(sizeof(NAMES) <= sizeof(((struct object *)0)->names), "fits");

static struct object object_make(size_t note_bytes)
{
	struct object o = {
		.header =
			{
				.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
					    ELFCLASS64, ELFDATA2LSB,
					    EV_CURRENT},
				.e_type = ET_REL,
				.e_machine = EM_X86_64,
				.e_version = EV_CURRENT,
				.e_shoff = offsetof(struct object, section),
				.e_ehsize = sizeof(Elf64_Ehdr),
				.e_shentsize = sizeof(Elf64_Shdr),
				.e_shnum = 4,
				.e_shstrndx = 3,
			},
		.section =
			{
				[1] = {.sh_name = NAME_NOTES,
				       .sh_type = SHT_NOTE,
				       .sh_flags = SHF_ALLOC,
				       .sh_offset = sizeof(struct object),
				       .sh_size = note_bytes,
				       .sh_addralign = 4},
				/* Says that nothing here needs an executable
				   stack. */
				[2] = {.sh_name = NAME_STACK,
				       .sh_type = SHT_PROGBITS,
				       .sh_offset = sizeof(struct object),
				       .sh_addralign = 1},
				[3] = {.sh_name = NAME_NAMES,
				       .sh_type = SHT_STRTAB,
				       .sh_offset =
					       offsetof(struct object, names),
				       .sh_size = sizeof(NAMES),
				       .sh_addralign = 1},
			},
		.names = NAMES,
	};

	return o;
}

int device_note_write(const char *path, const struct bp_note_device *devices,
		      size_t count)
{
	struct object o = object_make(count * sizeof(struct device_note));
	FILE *f = fopen(path, "we");
	bool good;

	if (!f)
		return -errno;
	good = fwrite(&o, sizeof(o), 1, f) == 1;
	for (size_t i = 0; good && i < count; i++) {
		struct device_note note = {
			.header = {BP_NOTE_NAME_BYTES, sizeof(note.device),
				   BP_NOTE_DEVICE},
			.owner = BP_NOTE_NAME,
			.device = devices[i],
		};

		good = fwrite(&note, sizeof(note), 1, f) == 1;
	}
	return fclose(f) || !good ? -EIO : 0;
}
