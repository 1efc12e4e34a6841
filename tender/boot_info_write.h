/* SPDX-License-Identifier: ISC */
/* Boot info: lays it out and writes it into guest memory. */
#ifndef BOOT_INFO_WRITE_H
#define BOOT_INFO_WRITE_H

#include <stdint.h>

#include "boot_info.h"

struct guest_mem;
struct image;
struct image_layout;

struct boot_strings {
	int argc;
	char *const *argv;
	int envc;
	char *const *env;
	/* Of device i, or NULL; as many as there are devices. */
	const char *const *mount;
	/* Likewise, of network devices. */
	const struct bp_net *const *net;
	/* With as many bytes, or NULL. */
	const struct bp_trace *trace;
	uint32_t trace_bytes;
};

/* Bytes that boot info takes, or UINT32_MAX when its place cannot hold it. */
uint32_t boot_info_bytes(const struct boot_strings *strings,
			 unsigned device_count);

/* Adds the region for @bytes of boot info, before the image's. 0 or -errno. */
int boot_info_reserve(struct guest_mem *mem, uint32_t bytes);

/*
 * Writes it. @info comes with tsc_hz, flags, random and device_count set; the
 * other fields are filled here, from the rest.
 */
void boot_info_write(struct guest_mem *mem, struct bp_boot_info *info,
		     const struct image *image,
		     const struct image_layout *layout,
		     const struct bp_device *devices,
		     const struct boot_strings *strings);

#endif
