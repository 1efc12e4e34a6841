/* SPDX-License-Identifier: ISC */
/* System calls of the guest, out of the records that its runtime writes. */
#ifndef GUEST_TRACE_H
#define GUEST_TRACE_H

#include <stdint.h>

struct bp_trace;
struct guest_mem;
struct guest_trace;
struct machine;
struct trace;

/*
 * Learns from the image's debug file where its system calls are. They are
 * written to @trace. NULL after printing why not, with *@err set: -ENOENT where
 * there is no such file, or none of these in it.
 */
struct guest_trace *guest_trace_create(const struct machine *m,
				       struct trace *trace, int *err);
void guest_trace_destroy(struct guest_trace *g);

/* What boot info is to say of it, *@bytes of that. */
const struct bp_trace *guest_trace_wanted(const struct guest_trace *g,
					  uint32_t *bytes);

/*
 * Adds the region of the buffer behind boot info, which ends at @end_gpa, and
 * before the image's. 0 or -errno.
 */
int guest_trace_reserve(struct guest_trace *g, struct guest_mem *mem,
			uint64_t end_gpa);

/* Before the guest runs, with the frequency of its counter. */
void guest_trace_begin(struct guest_trace *g, uint64_t counter_hz);

/* Takes what there is. The guest is stopped, since @now_ns. */
void guest_trace_take(struct guest_trace *g, const struct guest_mem *mem,
		      uint64_t now_ns);

/* It has ended: what has no result will have none. */
void guest_trace_finish(struct guest_trace *g, uint64_t now_ns);

#endif
