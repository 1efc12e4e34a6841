/* SPDX-License-Identifier: ISC */
/*
 * THEORY OF OPERATION
 * What a mapped disk holds is memory, but memory that the host may fail to
 * give: its file became shorter, or an I/O error. Then a TRAP upcall comes, and
 * upcall_x86_64.S ends the copy instead of the program. Whatever the reason
 * was, the tender is asked to read it then, and what it says is the result. So
 * it is too where no upcall can be made: in a handler of another one.
 *
 * The first touch of a page is a fault, which costs as much as an exit: no loss
 * for a page, but for many that one exit could read. Where the host has large
 * pages there is one fault in 2 MiB. So a large request watches the time, and
 * where page after page is slow, the tender reads it, and some after it.
 */
#include "disk_map.h"

#include "disk_device.h"
#include "host_signal.h"
#include "hypercall_x86_64.h"
#include "interrupt.h"
#include "runtime.h"

#define PAGE_BYTES    4096UL
#define REQUEST_BYTES (16 * PAGE_BYTES) /* from here on, a request is large */
#define PIECE_BYTES   (64 * PAGE_BYTES)
#define SLOW_PER_S    250000 /* so many pages a second are slow */
#define SLOW_PIECES   3	     /* in succession */
#define LEFT_REQUESTS 15     /* to the tender, before the next attempt */

/* disk_copy_x86_64.S: 0, or 1 when the host could not read it. */
int __rt_disk_copy(void *to, const void *from, uint64_t bytes);

static unsigned left_to_tender;

static uint64_t sum(const struct bp_segment *list, unsigned count)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < count; i++)
		bytes += list[i].bytes;
	return bytes;
}

/* So many cycles for @bytes are too many. */
static uint64_t slow_cycles(uint64_t bytes)
{
	return __rt_boot->tsc_hz / SLOW_PER_S *
	       ((bytes + PAGE_BYTES - 1) / PAGE_BYTES);
}

/* The same as __rt_disk_copy(), but 1 also when it is too slow. */
static int copy_watched(char *to, const char *from, uint64_t bytes,
			unsigned *slow)
{
	uint64_t piece = PAGE_BYTES, now, then = __builtin_ia32_rdtsc();

	for (; bytes; then = now) {
		uint64_t n = bytes < piece ? bytes : piece;

		if (__rt_disk_copy(to, from, n))
			return 1;
		now = __builtin_ia32_rdtsc();
		if (now - then < slow_cycles(n)) {
			*slow = 0;
			piece = piece < PIECE_BYTES ? 2 * piece : piece;
		} else {
			piece = PAGE_BYTES;
			if (++*slow == SLOW_PIECES) {
				left_to_tender = LEFT_REQUESTS;
				return 1;
			}
		}
		to += n;
		from += n;
		bytes -= n;
	}
	return 0;
}

static int copy_large(const char *from, const struct bp_segment *list,
		      unsigned count)
{
	unsigned slow = 0;

	if (left_to_tender) {
		left_to_tender--;
		return 0;
	}
	for (unsigned i = 0; i < count; i++) {
		if (copy_watched((char *)list[i].gpa, from, list[i].bytes,
				 &slow))
			return 0;
		from += list[i].bytes;
	}
	return 1;
}

static int copy_small(const char *from, const struct bp_segment *list,
		      unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (__rt_disk_copy((void *)list[i].gpa, from, list[i].bytes))
			return 0;
		from += list[i].bytes;
	}
	return 1;
}

int __rt_disk_map_read(unsigned device, uint64_t offset,
		       const struct bp_segment *list, unsigned count)
{
	const struct bp_device *d = __rt_device(device);
	const char *from = (const char *)(uintptr_t)(d->map_gpa + offset);
	uint64_t bytes;

	if (!d->map_gpa || __rt_upcall_frame.busy || __rt_host_signals_on() < 0)
		return 0;
	bytes = sum(list, count);
	if (bytes > d->capacity_bytes || offset > d->capacity_bytes - bytes)
		return 0;
	return bytes < REQUEST_BYTES ? copy_small(from, list, count)
				     : copy_large(from, list, count);
}
