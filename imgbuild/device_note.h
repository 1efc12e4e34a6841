/* SPDX-License-Identifier: ISC */
/* Device declarations: from --device=KIND:NAME to notes in the image. */
#ifndef DEVICE_NOTE_H
#define DEVICE_NOTE_H

#include <stdbool.h>
#include <stddef.h>

#include "manifest.h"

/* Parses "KIND:NAME". 0, or -EINVAL with a line printed. */
int device_note_parse(struct bp_note_device *device, const char *text);

/* The name of an enum bp_device_kind that imgbuild knows, else NULL. */
const char *device_kind_name(uint32_t kind);

/* SPEC.md, "Image file": 1 to 31 of a-z 0-9 _ - and padded with NUL. */
bool device_name_valid(const char name[BP_DEVICE_NAME_BYTES]);

/*
 * Writes a relocatable object that holds one BP_NOTE_DEVICE note for each
 * device, in their order. 0 or -errno.
 */
int device_note_write(const char *path, const struct bp_note_device *devices,
		      size_t count);

#endif
