/* SPDX-License-Identifier: ISC */
/* The ext2, ext3 and ext4 file systems: vnodes on libext2fs. */
#ifndef RT_EXT_H
#define RT_EXT_H

#include "disk.h"
#include "vnode.h"

/*
 * Mounts what is on @disk: sets ops, fs, read_only and root of @mount, whose
 * other members the caller fills. Files that were deleted while open when the
 * machine last stopped are deleted now. 0, -EINVAL (no ext file system), or
 * another -errno; *@why says in a few words why it failed, or why it is
 * read-only (NULL: nothing to say).
 */
long __rt_ext_mount(struct rt_mount *mount, struct rt_disk *disk,
		    const char **why);

#endif
