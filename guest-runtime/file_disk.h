/* SPDX-License-Identifier: ISC */
/* Disks as files: raw access to the blocks. */
#ifndef RT_FILE_DISK_H
#define RT_FILE_DISK_H

struct rt_file;

/* Opens the disk called @name. 0, -ENOENT, or -EROFS for writing. */
int __rt_disk_open(struct rt_file *file, const char *name, int flags);

#endif
