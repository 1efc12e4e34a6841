/* SPDX-License-Identifier: ISC */
/* Disks of the tender, for file systems. */
#include "disk.h"

#include <errno.h>

#include "disk_device.h"
#include "disk_map.h"
#include "hypercall_x86_64.h"
#include "runtime.h"

const struct bp_device *__rt_device(unsigned index)
{
	const char *base = (const char *)__rt_boot + __rt_boot->device_offset;

	return (const struct bp_device *)(const void *)base + index;
}

static long device_io(struct rt_disk *disk, enum bp_block_op op,
		      uint64_t offset, const struct bp_segment *list,
		      unsigned count)
{
	unsigned device = (unsigned)disk->device;
	int64_t status;

	if (op == BP_BLOCK_FLUSH)
		status = hypercall_block_flush(device);
	else if (op == BP_BLOCK_DISCARD)
		status = hypercall_block_discard(device, offset, list->bytes);
	else if (op == BP_BLOCK_READ &&
		 __rt_disk_map_read(device, offset, list, count))
		status = 0;
	else
		status = hypercall_block_io(device, op, offset, list, count);
	/* Past the end is not "full": it cannot happen on a sound disk. */
	return status == -BP_RANGE ? -EIO : -__rt_errno_of(-status);
}

void __rt_disk_of_device(struct rt_disk *disk, unsigned index)
{
	const struct bp_device *d = __rt_device(index);

	*disk = (struct rt_disk){
		.name = d->name,
		.bytes = d->capacity_bytes,
		.block_bytes = d->block_bytes,
		.read_only = !!(d->flags & BP_DEVICE_READ_ONLY),
		.io = device_io,
		.device = index,
	};
}
