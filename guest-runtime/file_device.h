/* SPDX-License-Identifier: ISC */
#ifndef RT_FILE_DEVICE_H
#define RT_FILE_DEVICE_H

struct rt_file_ops;

/* The character device 1:@minor (null, zero, ...), or NULL. */
const struct rt_file_ops *__rt_memory_device(unsigned minor);

#endif
