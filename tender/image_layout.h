/* SPDX-License-Identifier: ISC */
/* Where heap and stack of a guest lie (memory_map.h). */
#ifndef IMAGE_LAYOUT_H
#define IMAGE_LAYOUT_H

#include <stdint.h>

struct image;

struct image_layout {
	uint64_t heap_start;
	uint64_t heap_end;
	uint64_t stack_start;
	uint64_t stack_end;
	uint64_t sp; /* at the start, in the last page of the stack */
};

/*
 * Lays out @mem_bytes of guest memory, at random places as far as the image
 * expects that: @chance is a number from the host's entropy, or 0, for places
 * that are always the same. 0, or -ENOEXEC with @image->error set when the
 * image does not fit, which no chance decides.
 */
int image_lay_out(struct image *image, uint64_t mem_bytes, uint64_t chance,
		  struct image_layout *layout);

#endif
