/* SPDX-License-Identifier: ISC */
/* The block devices of boot info. */
#ifndef RT_DISK_DEVICE_H
#define RT_DISK_DEVICE_H

struct bp_device;
struct rt_disk;

/* Entry @index of the device table. */
const struct bp_device *__rt_device(unsigned index);

/* Fills @disk for block device @index. */
void __rt_disk_of_device(struct rt_disk *disk, unsigned index);

#endif
