/* SPDX-License-Identifier: ISC */
/* Disks that the guest has as memory: reading one is a copy, without an exit.
 */
#ifndef RT_DISK_MAP_H
#define RT_DISK_MAP_H

#include <stdint.h>

#include "hypercall.h"

/*
 * Copies what block device @device has from @offset on to the pieces of @list,
 * which need not be whole blocks. Whether it could; else it is to be read by
 * hypercall_block_io(), and the pieces hold anything.
 */
int __rt_disk_map_read(unsigned device, uint64_t offset,
		       const struct bp_segment *list, unsigned count);

#endif
