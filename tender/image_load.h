/* SPDX-License-Identifier: ISC */
/* Strict loader for image files. Trusts nothing in the file. */
#ifndef IMAGE_LOAD_H
#define IMAGE_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "boot_info.h"
#include "manifest.h"

struct guest_mem;
struct image_layout;

#define IMAGE_MAX_SEGMENTS 16
#define IMAGE_BUILD_ID_MAX 32

struct image_segment {
	uint64_t gpa;
	uint64_t file_offset;
	uint64_t file_bytes;
	uint64_t mem_bytes;
	unsigned access; /* enum guest_access */
};

struct image {
	int fd;
	uint64_t entry;
	uint64_t phdr_gpa; /* 0 when no segment holds the program headers */
	uint32_t phdr_count;
	uint64_t end; /* page-aligned end of the last segment */
	bool has_abi;
	struct bp_note_abi abi;
	unsigned segment_count;
	struct image_segment segment[IMAGE_MAX_SEGMENTS]; /* ascending */
	unsigned device_count;
	struct bp_note_device device[BP_MAX_DEVICES];
	unsigned build_id_bytes; /* 0: it has none */
	uint8_t build_id[IMAGE_BUILD_ID_MAX];
	char error[160]; /* why it was refused: one clause, with the remedy */
};

/*
 * Reads and checks the headers and notes of the image open at @fd (System V
 * gABI chapters 4 and 5; SPEC.md, "Image file"). @fd stays the caller's and
 * must stay open until image_load(). 0; -ENOEXEC with @image->error set when
 * the file is no image this tender can run; -errno when it cannot be read.
 */
int image_parse(struct image *image, int fd);

/*
 * Adds the regions of the segments, of heap and stack to @mem. 0 or -errno.
 */
int image_add_regions(const struct image *image,
		      const struct image_layout *layout, struct guest_mem *mem);

/*
 * Copies the segments into @mem, which has their regions. 0, -ENOEXEC with
 * @image->error, or -errno.
 */
int image_load(struct image *image, struct guest_mem *mem);

#endif
