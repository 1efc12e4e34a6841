/* SPDX-License-Identifier: ISC */
/*
 * ELF notes of an image (System V gABI, "Note Section"): name "HVT\0",
 * 4-byte alignment, in a PT_NOTE segment. One BP_NOTE_ABI note, and one
 * BP_NOTE_DEVICE note for each device that must be attached at start.
 * See SPEC.md, "Image file".
 */
#ifndef BP_MANIFEST_H
#define BP_MANIFEST_H

#include <stddef.h>
#include <stdint.h>

#include "boot_info.h"

#define BP_NOTE_NAME	   "HVT"
#define BP_NOTE_NAME_BYTES 4u /* with the final NUL */

enum bp_note_type {
	BP_NOTE_ABI = 1,
	BP_NOTE_DEVICE = 2,
};

/* What the image was built for: see BP_ABI_MAJOR, BP_ABI_MINOR. */
struct bp_note_abi {
	uint16_t major;
	uint16_t minor;
	uint32_t reserved; /* 0 */
};

/*
 * A device the image cannot do without. The name is 1 to 31 of a-z 0-9 _ -
 * and padded with NUL.
 */
struct bp_note_device {
	uint32_t kind; /* enum bp_device_kind */
	char name[BP_DEVICE_NAME_BYTES];
};

_Static_assert(sizeof(struct bp_note_abi) == 8, "ABI");
_Static_assert(offsetof(struct bp_note_abi, minor) == 2, "ABI");
_Static_assert(sizeof(struct bp_note_device) == 36, "ABI");
_Static_assert(offsetof(struct bp_note_device, name) == 4, "ABI");

#endif
