/* SPDX-License-Identifier: ISC */
/* Files in memory: /tmp, /dev, and "/" of an image without a rootfs. */
#ifndef RT_TMPFS_H
#define RT_TMPFS_H

struct rt_mount;

/* Sets ops, fs and root of @mount: an empty directory. 0 or -ENOMEM. */
long __rt_tmpfs_mount(struct rt_mount *mount);

#endif
