/* SPDX-License-Identifier: ISC */
#include "trace.h"

#include <string.h>
#include <sys/uio.h>

#include "hypercall_x86_64.h"
#include "syscall_trace.h"
#include "thread.h"

/* Every image has this, and few are ever traced: small rather than quick. */
#define COLD __attribute__((cold))

const struct bp_trace *__rt_trace;

static uint64_t argument(const uint64_t *frame, unsigned i)
{
	return frame[-1L - i];
}

static uint64_t function_of(const uint64_t *frame)
{
	return argument(frame, BP_TRACE_ARGS);
}

/* What is to be recorded with the call, or the free entry where nothing is. */
static COLD const struct bp_trace_call *find(uint64_t function)
{
	uint32_t calls = __rt_trace->calls;
	uint32_t i = BP_TRACE_HASH(function, calls);

	while (__rt_trace->call[i].function &&
	       __rt_trace->call[i].function != function)
		i = (i + 1) & (calls - 1);
	return &__rt_trace->call[i];
}

/*
 * The first bytes of argument @i, @most at most, behind their number: of a
 * string, of a vector's pieces, or of plain data.
 */
static COLD uint8_t *put(uint8_t *at, const struct bp_trace_call *call,
			 const uint64_t *frame, unsigned i, uint64_t most)
{
	uint8_t *to = at + sizeof(uint16_t);
	const char *data = (const char *)argument(frame, i);
	const struct iovec *v = (const void *)data, one = {(void *)data, most};
	uint64_t pieces = 1, n = 0;
	uint16_t length;

	if (call->vector >> i & 1)
		pieces = argument(frame, i + 1);
	else
		v = &one;
	for (; data && pieces; v++, pieces--)
		for (uint64_t j = 0; j < v->iov_len && n < most; j++) {
			to[n] = ((const uint8_t *)v->iov_base)[j];
			if (!to[n] && call->strings >> i & 1)
				most = n;
			else
				n++;
		}
	length = data ? (uint16_t)n : BP_TRACE_NOTHING;
	memcpy(at, &length, sizeof(length));
	return to + n;
}

COLD long __rt_trace_record(const uint64_t *frame, unsigned kind, long value)
{
	struct bp_trace_buffer *buffer = (void *)__rt_trace->buffer_gpa;
	const struct bp_trace_call *call = find(function_of(frame));
	unsigned wanted = call->output;
	struct bp_trace_record *r;
	uint8_t *at;

	/* The tender takes what is there whenever the guest exits. */
	if (__rt_trace->buffer_bytes - sizeof(*buffer) - buffer->used <
	    BP_TRACE_RECORD_MAX)
		hypercall_wait(0, 0);
	r = (void *)((char *)(buffer + 1) + buffer->used);
	r->kind = (uint16_t)kind;
	r->thread = (uint32_t)__rt_self->tid;
	r->value = (uint64_t)value;
	at = (uint8_t *)(r + 1);
	if (kind == BP_TRACE_CALL) {
		wanted = call->strings | call->input;
		for (unsigned i = 0; i < BP_TRACE_ARGS; i++, at += 8)
			*(uint64_t *)at = argument(frame, i);
	} else if (value <= 0) {
		wanted = 0;
	}
	for (unsigned i = 0; wanted >> i; i++) {
		uint64_t most = (uint64_t)value;

		if (!(wanted >> i & 1))
			continue;
		if (kind == BP_TRACE_CALL)
			most = call->vector >> i & 1 ? BP_TRACE_DATA_MAX
						     : argument(frame, i + 1);
		if (most > BP_TRACE_DATA_MAX)
			most = BP_TRACE_DATA_MAX;
		if (call->strings >> i & 1)
			most = BP_TRACE_STRING_MAX;
		at = put(at, call, frame, i, most);
	}
	r->bytes = (uint16_t)(((uintptr_t)at - (uintptr_t)r + 7) & ~7UL);
	buffer->used += r->bytes;
	r->counter = __builtin_ia32_rdtsc();
	return value;
}
