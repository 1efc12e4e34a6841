/* SPDX-License-Identifier: ISC */
/* /dev: which nodes there are, and what opening one gives. */
#ifndef RT_DEV_H
#define RT_DEV_H

#include <sys/types.h>

struct rt_file;
struct rt_mount;

/* Makes the nodes in an empty file system. 0 or -errno. */
long __rt_dev_fill(struct rt_mount *mount);

/*
 * What a node of this type (of st_mode) and number is when opened, in *file:
 * a new one without a vnode, or one that is open already. 0 or -errno: -ENXIO
 * where there is no such device.
 */
long __rt_dev_open(mode_t type, dev_t rdev, int flags, struct rt_file **file);

/* Whether anybody writes to the disk with this number past its files. */
int __rt_dev_open_for_writing(unsigned device);

#endif
