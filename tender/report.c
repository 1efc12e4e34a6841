/* SPDX-License-Identifier: ISC */
#include "report.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "backtrace.h"
#include "log.h"
#include "machine.h"
#include "memory_map.h"
#include "symbol.h"
#include "text.h"

static bool no_access(const struct machine *m, uint64_t gpa)
{
	return !guest_mem_range(&m->mem, gpa, 1, GUEST_READ);
}

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
	if (guest_mem_has(&m->mem, gpa) && no_access(m, gpa))
		return "stack guard page, or memory the guest protected";
	if (gpa >= l->heap_start && gpa < l->heap_end)
		return "heap";
	if (gpa >= l->heap_end && gpa < l->stack_start)
		return "stack guard page: stack overflow";
	if (gpa >= l->stack_start && gpa < l->stack_end)
		return "stack";
	if (guest_mem_in_window(&m->mem, gpa))
		return "mapped disk";
	return gpa < m->mem.bytes ? "unmapped" : "outside memory";
}

/* All that is told of how a guest ended. */
struct report {
	const char *event; /* "trap" or "violation" */
	int signal;
	const char *what;
	const char *area; /* of the address; NULL: there is none */
	uint64_t address;
	struct vcpu_place place;
	struct backtrace backtrace;
	char registers[1024];
};

static void gather(const struct machine *m, struct report *r)
{
	struct symbols *symbols = symbols_read(&m->symbols, &m->image);

	if (m->symbols.fd >= 0 && !symbols)
		log_info("%s.debug: damaged, or of another build: there are "
			 "no names",
			 m->image_name);
	m->vcpu->ops->place(m->vcpu, &r->place);
	m->vcpu->ops->format_registers(m->vcpu, r->registers,
				       sizeof(r->registers));
	backtrace_walk(&r->backtrace, m, &r->place, symbols);
	symbols_free(symbols);
}

static void put_calls(struct text *t, const struct machine *m, bool json)
{
	char call[256];
	bool first = true;

	for (unsigned age = CALL_LOG_ENTRIES; age--;) {
		const struct call_record *c = call_log_get(&m->calls, age);

		if (!c)
			continue;
		call_format(c, call, sizeof(call));
		if (json) {
			text_put(t, first ? "" : ",");
			text_put_json(t, call);
		} else {
			text_put(t, "%s%s\n",
				 first ? "  last hypercalls: "
				       : "                   ",
				 call);
		}
		first = false;
	}
}

static void print_text(const struct machine *m, const struct report *r)
{
	char address[96] = "", buffer[6144];
	struct text t;

	if (r->area)
		snprintf(address, sizeof(address), " at 0x%llx (%s)",
			 (unsigned long long)r->address, r->area);
	if (!strcmp(r->event, "trap"))
		log_error("%s: guest trapped (%s): %s%s, pc 0x%llx",
			  m->image_name, strsignal(r->signal), r->what, address,
			  (unsigned long long)r->place.pc);
	else
		log_error("%s: guest ended by the tender: %s, pc 0x%llx",
			  m->image_name, r->what,
			  (unsigned long long)r->place.pc);
	text_init(&t, buffer, sizeof(buffer));
	text_put(&t, "%s", r->registers);
	for (unsigned i = 0; i < r->backtrace.count; i++) {
		const struct backtrace_frame *f = &r->backtrace.frame[i];

		text_put(&t, "  #%-2u %016llx %s%s%s\n", i,
			 (unsigned long long)f->pc, f->name,
			 *f->source ? " " : "", f->source);
	}
	put_calls(&t, m, false);
	log_write(t.start, t.length);
}

/* "  rip 0000... rsp ..." becomes "rip":"0x0000...", and so on. */
static void put_registers(struct text *t, const char *registers)
{
	char name[16], value[24];
	bool first = true;
	int used;

	while (sscanf(registers, "%15s %23s%n", name, value, &used) == 2) {
		text_put(t, "%s\"%s\":\"0x%s\"", first ? "" : ",", name, value);
		first = false;
		registers += used;
	}
}

static void print_json(const struct machine *m, const struct report *r)
{
	char buffer[12288];
	struct text t;

	text_init(&t, buffer, sizeof(buffer));
	text_put(&t, "{\"time\":%.6f,\"level\":\"error\",\"event\":\"%s\",",
		 log_seconds(), r->event);
	text_put(&t, "\"image\":");
	text_put_json(&t, m->image_name);
	text_put(&t, ",\"signal\":%d,\"message\":", r->signal);
	text_put_json(&t, r->what);
	if (r->area) {
		text_put(&t, ",\"address\":\"0x%llx\",\"area\":",
			 (unsigned long long)r->address);
		text_put_json(&t, r->area);
	}
	text_put(&t, ",\"pc\":\"0x%llx\",\"registers\":{",
		 (unsigned long long)r->place.pc);
	put_registers(&t, r->registers);
	text_put(&t, "},\"frames\":[");
	for (unsigned i = 0; i < r->backtrace.count; i++) {
		const struct backtrace_frame *f = &r->backtrace.frame[i];

		text_put(&t, "%s{\"pc\":\"0x%llx\",\"function\":", i ? "," : "",
			 (unsigned long long)f->pc);
		text_put_json(&t, f->name);
		text_put(&t, ",\"source\":");
		text_put_json(&t, f->source);
		text_put(&t, "}");
	}
	text_put(&t, "],\"hypercalls\":[");
	put_calls(&t, m, true);
	text_put(&t, "]}\n");
	log_write(t.start, t.length);
}

static void print(const struct machine *m, struct report *r)
{
	gather(m, r);
	if (log_format() == LOG_JSON)
		print_json(m, r);
	else
		print_text(m, r);
}

void report_trap(const struct machine *m, const struct vcpu_exit *exit)
{
	struct report r = {
		.event = "trap",
		.signal = exit->trap.signal,
		.what = exit->trap.what,
	};

	if (exit->trap.has_address) {
		r.address = exit->trap.address;
		r.area = area(m, exit->trap.address);
	}
	print(m, &r);
}

void report_violation(const struct machine *m, const char *what)
{
	struct report r = {
		.event = "violation",
		.signal = SIGSYS,
		.what = what,
	};

	print(m, &r);
}
