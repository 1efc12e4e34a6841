/* SPDX-License-Identifier: ISC */
/*
 * THEORY OF OPERATION
 * What a mapped disk holds is memory, but memory that the host may fail to
 * give: its file became shorter, or an I/O error. Then a TRAP upcall comes, and
 * upcall_x86_64.S ends the copy instead of the program. Whatever the reason
 * was, the tender is asked to read it then, and what it says is the result. So
 * it is too where no upcall can be made: in a handler of another one.
 */
#include "disk_map.h"

#include "disk_device.h"
#include "host_signal.h"
#include "hypercall_x86_64.h"
#include "interrupt.h"
#include "runtime.h"

/* disk_copy_x86_64.S: 0, or 1 when the host could not read it. */
int __rt_disk_copy(void *to, const void *from, uint64_t bytes);

static uint64_t sum(const struct bp_segment *list, unsigned count)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < count; i++)
		bytes += list[i].bytes;
	return bytes;
}

int __rt_disk_map_read(unsigned device, uint64_t offset,
		       const struct bp_segment *list, unsigned count)
{
	const struct bp_device *d = __rt_device(device);
	uint64_t from = d->map_gpa + offset, bytes;

	if (!d->map_gpa || __rt_upcall_frame.busy || __rt_host_signals_on() < 0)
		return 0;
	bytes = sum(list, count);
	if (bytes > d->capacity_bytes || offset > d->capacity_bytes - bytes)
		return 0;
	for (unsigned i = 0; i < count; i++) {
		if (__rt_disk_copy((void *)list[i].gpa, (const void *)from,
				   list[i].bytes))
			return 0;
		from += list[i].bytes;
	}
	return 1;
}
