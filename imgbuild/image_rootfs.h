/* SPDX-License-Identifier: ISC */
/* A directory of the host as an object file to be linked into an image. */
#ifndef IMAGE_ROOTFS_H
#define IMAGE_ROOTFS_H

#include <stdbool.h>

struct process_signals;
struct toolchain;

/* Above this, code behind it might be out of reach of other code. */
#define IMAGE_ROOTFS_MAX_MIB 1024

/*
 * Makes @object out of the files below @dir: a file system in the section
 * ROOTFS_SECTION, from the symbol __rt_rootfs_start to __rt_rootfs_end. @image
 * and @source are files on the way, which the caller removes; none of the
 * three is there yet. Returns 0, or 1 with a line printed.
 */
int image_rootfs_make(const struct toolchain *tc,
		      struct process_signals *signals, const char *dir,
		      bool keep_owners, const char *image, const char *source,
		      const char *object);

#endif
