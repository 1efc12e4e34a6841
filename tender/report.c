/* SPDX-License-Identifier: ISC */
#include "report.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

static int put_frame(const struct symbols *symbols, unsigned n, uint64_t pc,
		     char *text, size_t bytes)
{
	char name[112];

	symbols_format(symbols, pc, name, sizeof(name));
	return snprintf(text, bytes, "  #%-2u %016llx %s\n", n,
			(unsigned long long)pc, name);
}

/* System V psABI, 3.2.2: saved frame pointer, then the return address. */
static void put_backtrace(const struct machine *m, char *text, size_t bytes)
{
	struct symbols *symbols = symbols_read(m->image_name);
	struct vcpu_place place;
	uint64_t pc, frame;
	size_t at = 0;

	m->vcpu->ops->place(m->vcpu, &place);
	pc = place.pc;
	frame = place.frame;
	for (unsigned n = 0; n < MAX_FRAMES && at + 160 < bytes; n++) {
		uint64_t saved[2];
		const void *p;

		/* A return address is that of the instruction after. */
		at += (size_t)put_frame(symbols, n, n ? pc - 1 : pc, text + at,
					bytes - at);
		p = guest_mem_range(&m->mem, frame, sizeof(saved), GUEST_READ);
		if (!p)
			break;
		memcpy(saved, p, sizeof(saved));
		if (!saved[1] || saved[0] <= frame)
			break;
		frame = saved[0];
		pc = saved[1];
	}
	symbols_free(symbols);
}

static void print_state(const struct machine *m)
{
	char text[4096];
	size_t at;

	m->vcpu->ops->format_registers(m->vcpu, text, sizeof(text));
	at = strlen(text);
	put_backtrace(m, text + at, sizeof(text) - at);
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		return; /* nowhere left to say it */
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
