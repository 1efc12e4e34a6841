/* SPDX-License-Identifier: ISC */
#include "inspect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attention.h"
#include "gdb.h"
#include "hypercall_dispatch.h"
#include "inspect_options.h"
#include "log.h"
#include "machine.h"
#include "stats.h"

#define STATUS_SIGNAL 128

struct inspect {
	struct stats stats;
	struct gdb *gdb;
	uint64_t since_ns; /* when the guest was entered or left */
};

static bool wants_nothing(const struct inspect_options *o)
{
	return !o->gdb.on;
}

bool inspect_open(struct machine *m, const struct inspect_options *o)
{
	struct inspect *i;

	if (wants_nothing(o))
		return true;
	i = calloc(1, sizeof(*i));
	if (!i) {
		log_error("out of memory");
		return false;
	}
	i->stats.started_ns = i->since_ns = stats_now();
	m->inspect = i;
	if (o->gdb.on) {
		i->gdb = gdb_open(m, &o->gdb);
		if (!i->gdb)
			return false;
	}
	return true;
}

static enum inspect_verdict verdict_of(enum gdb_verdict v)
{
	switch (v) {
	case GDB_GO_ON:
		return INSPECT_GO_ON;
	case GDB_FATAL:
		return INSPECT_ALONE;
	case GDB_KILLED:
		log_error("killed by the debugger");
		return INSPECT_KILLED;
	default:
		return INSPECT_FAILED;
	}
}

/* Time since the last of these. */
static uint64_t lap(struct inspect *i)
{
	uint64_t now = stats_now(), ns = now - i->since_ns;

	i->since_ns = now;
	return ns;
}

enum inspect_verdict inspect_before_run(struct machine *m)
{
	struct inspect *i = m->inspect;
	unsigned asked = attention_take();

	if (!i->gdb)
		return INSPECT_GO_ON;
	if (asked & ATTENTION_DEBUGGER)
		gdb_notice(i->gdb);
	return verdict_of(gdb_attend(i->gdb));
}

enum inspect_verdict inspect_after_run(struct machine *m,
				       const struct vcpu_exit *exit)
{
	struct inspect *i = m->inspect;

	i->stats.exits++;
	i->stats.guest_ns += lap(i);
	if (exit->kind == VCPU_INTERRUPTED)
		i->stats.interrupts++;
	/* An upcall between two steps would step into its handler. */
	if (exit->kind == VCPU_INTERRUPTED && i->gdb && gdb_steps(i->gdb))
		return INSPECT_GO_ON;
	if (exit->kind != VCPU_TRAP)
		return INSPECT_ALONE;
	i->stats.traps++;
	return i->gdb ? verdict_of(gdb_trapped(i->gdb, exit)) : INSPECT_ALONE;
}

void inspect_after_call(struct machine *m, const struct vcpu_exit *exit,
			const struct call_result *result)
{
	struct inspect *i = m->inspect;
	uint64_t ns = lap(i);

	i->stats.tender_ns += ns;
	stats_add_call(&i->stats, exit->call.number, ns, result->bytes);
	if (i->gdb)
		gdb_called(i->gdb);
}

enum inspect_verdict inspect_violation(struct machine *m)
{
	struct inspect *i = m->inspect;

	return i->gdb ? verdict_of(gdb_violation(i->gdb)) : INSPECT_ALONE;
}

void inspect_close(struct machine *m, int status)
{
	struct inspect *i = m->inspect;

	if (i->gdb)
		gdb_close(i->gdb, status, m->ended_by);
	free(i);
	m->inspect = NULL;
}

void inspect_stats_text(const struct machine *m, char *text, size_t bytes)
{
	if (m->inspect)
		stats_table(&m->inspect->stats, text, bytes);
	else
		*text = '\0';
}

void inspect_files(const struct machine *m, struct inspect_files *files)
{
	const struct inspect *i = m->inspect;

	*files = (struct inspect_files){.debugger = -1, .debug_listen = -1};
	if (i->gdb)
		gdb_files(i->gdb, &files->debugger, &files->debug_listen);
}
