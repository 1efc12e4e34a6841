/* SPDX-License-Identifier: ISC */
/* e2fsck, which knows more of damage than libext2fs does. */
#ifndef DISK_CHECK_H
#define DISK_CHECK_H

#include <stdbool.h>

struct disk_image;

/*
 * Has e2fsck look for damage and prints what it finds to standard output; or,
 * with @repair, has it mend what needs no decision, in silence. @image holds
 * the lock, for writing when repairing. 0 when the file system is good; 1 when
 * it is not; -errno with a line printed when e2fsck could not say.
 */
int disk_check_run(const struct disk_image *image, bool repair);

#endif
