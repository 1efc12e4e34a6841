/* SPDX-License-Identifier: ISC */
/* Disks as files: raw access to the blocks. */
#ifndef RT_FILE_DISK_H
#define RT_FILE_DISK_H

struct rt_file;

/* A new open file: the block device with this number. */
struct rt_file *__rt_disk_file(unsigned device);

#endif
