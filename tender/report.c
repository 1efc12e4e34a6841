/* SPDX-License-Identifier: ISC */
#include "report.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "machine.h"
#include "memory_map.h"
#include "symbol.h"

#define MAX_FRAMES 16

/* What a guest address belongs to. */
static const char *area(const struct machine *m, uint64_t gpa)
{
	const struct image_layout *l = &m->layout;
	const struct image *image = &m->image;

	if (gpa < BP_PAGE_BYTES)
		return "null page";
	if (gpa < BP_SUPERVISOR_END)
		return "supervisor pages";
	if (gpa < BP_BOOT_INFO_END)
		return "boot info";
	for (unsigned i = 0; i < image->segment_count; i++) {
		const struct image_segment *s = &image->segment[i];

		if (gpa < s->gpa || gpa - s->gpa >= s->mem_bytes)
			continue;
		if (s->access & GUEST_EXEC)
			return "text";
		return s->access & GUEST_WRITE ? "data" : "read-only data";
	}
	if (gpa >= l->heap_start && gpa < l->heap_end)
		return "heap";
	if (gpa >= l->heap_end && gpa < l->stack_start)
		return "stack guard page: stack overflow";
	if (gpa >= l->stack_start && gpa < l->stack_end)
		return "stack";
	return gpa < m->mem.bytes ? "unmapped" : "outside memory";
}

struct backtrace {
	const struct machine *m;
	struct symbols *symbols;
	unsigned count;
	char *text;
	size_t bytes;
};

static bool is_text(const struct machine *m, uint64_t pc)
{
	return guest_mem_range(&m->mem, pc, 1, GUEST_EXEC);
}

/* A return address is that of the next instruction: @called is what to name. */
static void put_frame(struct backtrace *b, uint64_t pc, uint64_t called)
{
	char name[112] = "?";
	int n;

	if (is_text(b->m, called))
		symbols_format(b->symbols, called, name, sizeof(name));
	n = snprintf(b->text, b->bytes, "  #%-2u %016llx %s\n", b->count++,
		     (unsigned long long)pc, name);
	if (n > 0 && (size_t)n < b->bytes) {
		b->text += n;
		b->bytes -= (size_t)n;
	}
}

static bool read_words(const struct machine *m, uint64_t gpa, uint64_t *words,
		       unsigned count)
{
	const void *p = guest_mem_range(&m->mem, gpa, count * sizeof(*words),
					GUEST_READ);

	if (p)
		memcpy(words, p, count * sizeof(*words));
	return p;
}

/* System V psABI, 3.2.2: saved frame pointer, then the return address. */
static void put_backtrace(const struct machine *m, char *text, size_t bytes)
{
	struct backtrace b = {
		.m = m,
		.symbols = symbols_read(&m->symbols),
		.text = text,
		.bytes = bytes,
	};
	struct vcpu_place place;
	uint64_t saved[2];

	m->vcpu->ops->place(m->vcpu, &place);
	put_frame(&b, place.pc, place.pc);
	/* After a call to nowhere the return address is still on top. */
	if (!is_text(m, place.pc) && read_words(m, place.sp, saved, 1) &&
	    is_text(m, saved[0]))
		put_frame(&b, saved[0], saved[0] - 1);
	while (b.count < MAX_FRAMES && read_words(m, place.frame, saved, 2)) {
		if (!saved[1])
			break;
		put_frame(&b, saved[1], saved[1] - 1);
		if (saved[0] <= place.frame)
			break;
		place.frame = saved[0];
	}
	symbols_free(b.symbols);
}

static void print_state(const struct machine *m)
{
	char text[4096];
	size_t at;

	m->vcpu->ops->format_registers(m->vcpu, text, sizeof(text));
	at = strlen(text);
	put_backtrace(m, text + at, sizeof(text) - at);
	log_write(text, strlen(text));
}

void report_trap(const struct machine *m, const struct vcpu_exit *exit)
{
	struct vcpu_place place;

	m->vcpu->ops->place(m->vcpu, &place);
	if (exit->trap.has_address)
		log_error("%s: guest trapped (%s): %s at 0x%llx (%s), pc "
			  "0x%llx",
			  m->image_name, strsignal(exit->trap.signal),
			  exit->trap.what,
			  (unsigned long long)exit->trap.address,
			  area(m, exit->trap.address),
			  (unsigned long long)place.pc);
	else
		log_error("%s: guest trapped (%s): %s, pc 0x%llx",
			  m->image_name, strsignal(exit->trap.signal),
			  exit->trap.what, (unsigned long long)place.pc);
	print_state(m);
}

void report_violation(const struct machine *m, const char *what)
{
	struct vcpu_place place;

	m->vcpu->ops->place(m->vcpu, &place);
	log_error("%s: guest ended by the tender: %s, pc 0x%llx", m->image_name,
		  what, (unsigned long long)place.pc);
	print_state(m);
}
