/* SPDX-License-Identifier: ISC */
/*
 * THEORY OF OPERATION
 * The guest is one vCPU, and it stands still while its records are taken: they
 * are copied at once, and the copy is judged. What is wrong in it is lost, with
 * all behind it, and said once. A call and its result are two records, so that
 * one which never returns is seen, too; in between, the call waits in a place
 * that its thread's number leads to. Names come from the debug file, and only
 * those of a list; nothing else in a line is the guest's but numbers and what
 * is quoted. Times are the guest's own, but never in the future nor before its
 * start.
 */
#include "guest_trace.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "guest_memory.h"
#include "log.h"
#include "machine.h"
#include "memory_map.h"
#include "symbol.h"
#include "syscall_form.h"
#include "syscall_format.h"
#include "syscall_trace.h"
#include "text.h"
#include "trace.h"

#define BUFFER_BYTES (256U << 10)
#define BUFFER_LEAST (64U << 10)
#define CALLS	     1024U /* twice what there is of them */
#define WAITING	     1024U /* threads in a call; those above push others out */
#define WANTED_BYTES \
	(sizeof(struct bp_trace) + CALLS * sizeof(struct bp_trace_call))
#define LINE_MAX 1280
#define NS_PER_S 1000000000ULL

struct waiting {
	uint64_t at_ns;
	union {
		struct bp_trace_record call; /* ->bytes 0: none */
		uint64_t words[BP_TRACE_RECORD_MAX / 8];
	};
};

struct guest_trace {
	struct trace *trace;
	unsigned call_count;
	struct syscall_form form[CALLS]; /* of the same entry of ->wanted */
	struct bp_trace *wanted;	 /* with CALLS entries */
	uint64_t ns_per_tick;		 /* in units of 2^-32 */
	uint64_t base_counter; /* what it was at base_ns; 0: not known yet */
	uint64_t base_ns;
	bool damaged;
	uint64_t taken_ns; /* when records were taken last */
	struct waiting waiting[WAITING];
	uint64_t copy[BUFFER_BYTES / 8];
};

static unsigned entry_of(const struct guest_trace *g, uint64_t function)
{
	unsigned i = BP_TRACE_HASH(function, CALLS);

	while (g->wanted->call[i].function &&
	       g->wanted->call[i].function != function)
		i = (i + 1) % CALLS;
	return i;
}

static void add_call(const char *name, uint64_t address, void *context)
{
	struct guest_trace *g = context;
	struct syscall_form form;
	unsigned i = entry_of(g, address);

	if (!address || g->wanted->call[i].function ||
	    g->call_count == CALLS / 2 || !syscall_form_find(&form, name))
		return;
	g->form[i] = form;
	g->wanted->call[i].function = address;
	syscall_form_wants(&form, &g->wanted->call[i]);
	g->call_count++;
}

struct guest_trace *guest_trace_create(const struct machine *m,
				       struct trace *trace, int *err)
{
	struct guest_trace *g = calloc(1, sizeof(*g));
	struct symbols *symbols;

	*err = -ENOMEM;
	if (g)
		g->wanted = calloc(1, WANTED_BYTES);
	if (!g || !g->wanted)
		goto destroy;
	symbols = symbols_read(&m->symbols, &m->image);
	symbols_each(symbols, SYSCALL_SYMBOL_PREFIX, add_call, g);
	symbols_free(symbols);
	g->trace = trace;
	g->wanted->calls = CALLS;
	if (g->call_count)
		return g;
	*err = -ENOENT;

destroy:
	guest_trace_destroy(g);
	return NULL;
}

void guest_trace_destroy(struct guest_trace *g)
{
	if (g)
		free(g->wanted);
	free(g);
}

const struct bp_trace *guest_trace_wanted(const struct guest_trace *g,
					  uint32_t *bytes)
{
	*bytes = WANTED_BYTES;
	return g->wanted;
}

int guest_trace_reserve(struct guest_trace *g, struct guest_mem *mem,
			uint64_t end_gpa)
{
	uint64_t start = (end_gpa + BP_PAGE_BYTES - 1) & ~(BP_PAGE_BYTES - 1);
	uint64_t bytes =
		start < BP_BOOT_INFO_END ? BP_BOOT_INFO_END - start : 0;

	if (bytes < BUFFER_LEAST)
		return -ENOSPC;
	if (bytes > BUFFER_BYTES)
		bytes = BUFFER_BYTES;
	g->wanted->buffer_gpa = start;
	g->wanted->buffer_bytes = (uint32_t)bytes;
	return guest_mem_add_region(mem, start, start + bytes,
				    GUEST_READ | GUEST_WRITE);
}

void guest_trace_begin(struct guest_trace *g, uint64_t counter_hz)
{
	g->ns_per_tick = (NS_PER_S << 32) / counter_hz;
	g->taken_ns = g->trace->start_ns;
}

/* On the host's clock, as far as is known; any number for any counter. */
static int64_t host_time(const struct guest_trace *g, uint64_t counter)
{
	__int128 ticks = (int64_t)(counter - g->base_counter);

	return (int64_t)(g->base_ns +
			 (uint64_t)(ticks * (int64_t)g->ns_per_tick >> 32));
}

/* All that is taken now was written since the last time. */
static uint64_t time_of(const struct guest_trace *g, uint64_t counter,
			uint64_t now_ns)
{
	int64_t ns = host_time(g, counter);

	if (ns < (int64_t)g->taken_ns)
		return g->taken_ns;
	return ns < (int64_t)now_ns ? (uint64_t)ns : now_ns;
}

static void write_call(struct guest_trace *g,
		       const struct bp_trace_record *call,
		       const struct bp_trace_record *result, uint64_t at_ns,
		       uint64_t end_ns)
{
	const struct syscall_form *form = &g->form[entry_of(g, call->value)];
	char line[LINE_MAX];
	struct text t;

	text_init(&t, line, sizeof(line));
	syscall_format(&t, form, call, result);
	trace_event(g->trace,
		    &(struct trace_span){
			    .kind = TRACE_SYSCALLS,
			    .thread = call->thread,
			    .name = form->name,
			    .at_ns = at_ns,
			    .ns = end_ns > at_ns ? end_ns - at_ns : 0,
		    },
		    line);
}

static void give_up(struct guest_trace *g, struct waiting *w, uint64_t now_ns)
{
	if (w->call.bytes)
		write_call(g, &w->call, NULL, w->at_ns, now_ns);
	w->call.bytes = 0;
}

/* One record, whose length is right. */
static void take_record(struct guest_trace *g, const struct bp_trace_record *r,
			uint64_t at_ns)
{
	struct waiting *w = &g->waiting[r->thread % WAITING];
	const uint64_t *words = (const void *)r;
	const struct syscall_form *form;

	if (r->kind == BP_TRACE_RESULT) {
		if (!w->call.bytes || w->call.thread != r->thread)
			return;
		write_call(g, &w->call, r, w->at_ns, at_ns);
		w->call.bytes = 0;
		return;
	}
	/* A thread that never came back: it ended, or it is another one's. */
	give_up(g, w, at_ns);
	form = &g->form[entry_of(g, r->value)];
	if (!form->name)
		return;
	if (form->ends) {
		write_call(g, r, NULL, at_ns, at_ns);
		return;
	}
	w->at_ns = at_ns;
	/* Most are too short for what memcpy() takes to begin. */
	for (unsigned i = 0; i < r->bytes / sizeof(*words); i++)
		w->words[i] = words[i];
}

static bool is_good(const struct bp_trace_record *r, uint32_t left)
{
	uint32_t least = sizeof(*r);

	if (left < least || r->bytes % 8)
		return false;
	if (r->kind == BP_TRACE_CALL)
		least += BP_TRACE_ARGS * 8;
	else if (r->kind != BP_TRACE_RESULT)
		return false;
	return r->bytes >= least && r->bytes <= left &&
	       r->bytes <= BP_TRACE_RECORD_MAX;
}

static void damaged(struct guest_trace *g)
{
	if (!g->damaged)
		log_error("--trace=syscalls: the guest's records make no "
			  "sense; some are lost");
	g->damaged = true;
}

/*
 * All of them, one behind the other. How far the guest's counter is from the
 * host's clock is not known, but the last record was written before now; so the
 * shortest time that ever passed in between is taken for none.
 */
static void take_all(struct guest_trace *g, uint32_t bytes, uint64_t now_ns)
{
	const struct bp_trace_record *r;
	uint32_t at = 0, good = 0;
	uint64_t counter = 0;

	for (; good < bytes; good += r->bytes) {
		r = (const void *)((const char *)g->copy + good);
		if (!is_good(r, bytes - good)) {
			damaged(g);
			break;
		}
		counter = r->counter;
	}
	if (good && (!g->base_ns || host_time(g, counter) > (int64_t)now_ns)) {
		g->base_counter = counter;
		g->base_ns = now_ns;
	}
	for (; at < good; at += r->bytes) {
		r = (const void *)((const char *)g->copy + at);
		take_record(g, r, time_of(g, r->counter, now_ns));
	}
	g->taken_ns = now_ns;
}

void guest_trace_take(struct guest_trace *g, const struct guest_mem *mem,
		      uint64_t now_ns)
{
	const struct bp_trace *w = g->wanted;
	struct bp_trace_buffer *buffer = guest_mem_range(
		mem, w->buffer_gpa, w->buffer_bytes, GUEST_READ | GUEST_WRITE);
	uint32_t used, room = w->buffer_bytes - (uint32_t)sizeof(*buffer);

	/* It may take its own permissions away. */
	if (!buffer)
		return;
	memcpy(&used, &buffer->used, sizeof(used));
	if (!used)
		return;
	if (used > room) {
		damaged(g);
		used = room;
	}
	memcpy(g->copy, buffer + 1, used);
	memset(&buffer->used, 0, sizeof(buffer->used));
	take_all(g, used, now_ns);
	trace_lines(g->trace);
}

void guest_trace_finish(struct guest_trace *g, uint64_t now_ns)
{
	for (unsigned i = 0; i < WAITING; i++)
		give_up(g, &g->waiting[i], now_ns);
	trace_lines(g->trace);
}
