/* SPDX-License-Identifier: ISC */
/* Disks on the command line: --disk. */
#ifndef OPTIONS_DISK_H
#define OPTIONS_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "boot_info.h"

struct options;

struct disk_option {
	char name[BP_DEVICE_NAME_BYTES];
	char *path; /* owned */
	bool read_only;
	bool map; /* the guest can read it as memory */
	uint32_t block_bytes;
	char *mount; /* owned; NULL: nothing said, "": nowhere */
};

/* Reads the value of one option into @o; prints what is wrong. */
bool options_add_disk(struct options *o, const char *arg);

#endif
