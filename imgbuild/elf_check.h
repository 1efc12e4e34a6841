/* SPDX-License-Identifier: ISC */
/*
 * What an image is, and whether a file is one (SPEC.md, "Image file"). The
 * tender checks again, with a loader of its own; here a wrong image is caught
 * where it is made.
 */
#ifndef ELF_CHECK_H
#define ELF_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "boot_info.h"
#include "manifest.h"

/* Far more than the linker script makes; the tender has the same limits. */
#define IMAGE_MAX_PHDRS		 24
#define IMAGE_MAX_SEGMENTS	 16
#define IMAGE_MAX_NOTES_BYTES	 8192
#define IMAGE_MAX_BUILD_ID_BYTES 64

struct image_segment {
	uint64_t gpa;
	uint64_t file_bytes;
	uint64_t mem_bytes;
	uint32_t flags; /* PF_R, PF_W, PF_X */
};

struct image_info {
	struct bp_note_abi abi; /* major is 0 while no note was seen */
	uint64_t entry;
	uint64_t file_bytes;
	unsigned segment_count;
	struct image_segment segment[IMAGE_MAX_SEGMENTS]; /* ascending */
	unsigned device_count;
	struct bp_note_device device[BP_MAX_DEVICES];
	unsigned build_id_bytes; /* 0: none */
	uint8_t build_id[IMAGE_MAX_BUILD_ID_BYTES];
};

struct elf_check_error {
	char text[160]; /* what is wrong, for one line after the file's name */
};

/*
 * Checks header, segments and notes of the file open at @fd, any bytes at
 * all, and describes it in @info. 0; -ENOEXEC with @error set when it is no
 * image.
 */
int elf_check_image(int fd, struct image_info *info,
		    struct elf_check_error *error);

/*
 * Checks what only the linker's section headers tell of the image open at
 * @fd: that no section needs a permission its segment has not, and that
 * nothing is left to relocate. 0, or -ENOEXEC with @error set.
 */
int elf_check_sections(int fd, const struct image_info *info,
		       struct elf_check_error *error);

#endif
