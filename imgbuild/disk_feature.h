/* SPDX-License-Identifier: ISC */
/* Features of file systems, and which of them imgbuild can write. */
#ifndef DISK_FEATURE_H
#define DISK_FEATURE_H

#include <ext2fs/ext2fs.h>
#include <stddef.h>

#define DISK_FEATURES_BYTES 1024

/* The names of all features, as mke2fs knows them, with @between each two. */
void disk_feature_names(const struct ext2_super_block *super,
			const char *between, char text[DISK_FEATURES_BYTES]);

/* The first feature that stands against writing, or NULL. */
const char *disk_feature_read_only(const struct ext2_super_block *super);

#endif
