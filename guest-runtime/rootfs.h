/* SPDX-License-Identifier: ISC */
/* The file system that is part of the image: imgbuild --rootfs. */
#ifndef RT_ROOTFS_H
#define RT_ROOTFS_H

struct rt_mount;

/* Mounts it, read-only. -ENOENT: this image has none. */
long __rt_rootfs_mount(struct rt_mount *mount);

#endif
