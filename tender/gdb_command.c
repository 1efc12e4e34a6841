/* SPDX-License-Identifier: ISC */
/*
 * Commands of the GDB remote serial protocol (GDB manual, E.2 "Packets"). What
 * comes is checked like anything from outside, though a debugger may do to the
 * guest what it likes.
 */
#include <errno.h>
#include <string.h>

#include "gdb_arch.h"
#include "gdb_internal.h"
#include "guest_memory.h"
#include "machine.h"

static void answer_ok(struct gdb *g)
{
	gdb_reply_text(&g->reply, "OK");
}

/* GDB shows the number, which means nothing to it. */
static void answer_error(struct gdb *g, int err)
{
	gdb_reply_text(&g->reply, "E%02x", (unsigned)-err & 0xff);
}

static void answer(struct gdb *g, int err)
{
	if (err)
		answer_error(g, err);
	else
		answer_ok(g);
}

/* Those of the thread that Hg chose. */
static const struct cpu_state *selected_state(const struct gdb *g)
{
	return g->selected ? &g->other : &g->state;
}

static void read_registers(struct gdb *g)
{
	const struct cpu_state *state = selected_state(g);
	uint8_t value[GDB_REGISTER_MAX_BYTES];

	for (unsigned i = 0; i < gdb_register_count; i++)
		gdb_reply_hex(&g->reply, value,
			      gdb_register_get(state, i, value));
}

static void write_registers(struct gdb *g, const char *at)
{
	struct cpu_state state = g->state;
	uint8_t value[GDB_REGISTER_MAX_BYTES];

	if (g->selected) {
		answer_error(g, -EBUSY); /* its registers are the guest's */
		return;
	}
	for (unsigned i = 0; i < gdb_register_count; i++) {
		if (!gdb_read_hex(&at, value, gdb_register_bytes(i))) {
			answer_error(g, -EINVAL);
			return;
		}
		gdb_register_set(&state, i, value);
	}
	g->state = state;
	answer_ok(g);
}

static void read_register(struct gdb *g, const char *at)
{
	uint8_t value[GDB_REGISTER_MAX_BYTES];
	uint64_t n;

	if (!gdb_read_number(&at, &n) || n >= gdb_register_count)
		answer_error(g, -EINVAL);
	else
		gdb_reply_hex(&g->reply, value,
			      gdb_register_get(selected_state(g), (unsigned)n,
					       value));
}

static void write_register(struct gdb *g, const char *at)
{
	uint8_t value[GDB_REGISTER_MAX_BYTES];
	uint64_t n;

	if (g->selected || !gdb_read_number(&at, &n) ||
	    n >= gdb_register_count || !gdb_read_char(&at, '=') ||
	    !gdb_read_hex(&at, value, gdb_register_bytes((unsigned)n))) {
		answer_error(g, -EINVAL);
		return;
	}
	gdb_register_set(&g->state, (unsigned)n, value);
	answer_ok(g);
}

/* "ADDRESS,BYTES" at *@at. */
static bool read_range(const char **at, uint64_t *gpa, uint64_t *bytes)
{
	return gdb_read_number(at, gpa) && gdb_read_char(at, ',') &&
	       gdb_read_number(at, bytes);
}

/* As much of it as there is, if any. */
static void read_memory(struct gdb *g, const char *at)
{
	uint8_t data[GDB_PACKET_MAX / 2];
	uint64_t gpa, bytes;
	int err = -EINVAL;

	if (read_range(&at, &gpa, &bytes)) {
		if (bytes > sizeof(data))
			bytes = sizeof(data);
		err = gdb_memory_read(&g->breakpoints, &g->m->mem, gpa, data,
				      bytes);
	}
	if (err)
		answer_error(g, err);
	else
		gdb_reply_hex(&g->reply, data, bytes);
}

/* M: in hexadecimal; X: as it is. */
static void write_memory(struct gdb *g, const char *at, bool binary)
{
	const char *end = g->parser.data + g->parser.length;
	uint8_t data[GDB_PACKET_MAX];
	uint64_t gpa, bytes;
	bool good = read_range(&at, &gpa, &bytes) && gdb_read_char(&at, ':') &&
		    bytes <= sizeof(data);

	if (good && binary) {
		good = (uint64_t)(end - at) == bytes;
		if (good)
			memcpy(data, at, bytes);
	} else if (good) {
		good = gdb_read_hex(&at, data, bytes);
	}
	answer(g, good ? gdb_memory_write(&g->breakpoints, &g->m->mem, gpa,
					  data, bytes)
		       : -EINVAL);
}

/* "Z" or "z", a type, an address and a length. */
static void set_breakpoint(struct gdb *g, const char *at)
{
	bool insert = *at++ == 'Z';
	struct gdb_watch w = {.type = *at};
	int err = 0;

	if (w.type < '0' || w.type > '4')
		return; /* unknown: an empty answer */
	at++;
	if (!gdb_read_char(&at, ',') || !read_range(&at, &w.gpa, &w.bytes))
		err = -EINVAL;
	else if (w.type == '0' && insert)
		err = gdb_breakpoint_insert(&g->breakpoints, &g->m->mem, w.gpa);
	else if (w.type == '0')
		gdb_breakpoint_remove(&g->breakpoints, &g->m->mem, w.gpa);
	else if (insert)
		err = gdb_watch_insert(g, &w);
	else
		err = gdb_watch_remove(g, &w);
	answer(g, err);
}

/* "c", "s", and with an address to go on at; "C", "S" with a signal first. */
static void resume(struct gdb *g, const char *at)
{
	bool passes = *at == 'C' || *at == 'S';
	bool steps = *at == 's' || *at == 'S';
	uint64_t signal = 0, pc;

	at++;
	if (passes && !gdb_read_number(&at, &signal)) {
		answer_error(g, -EINVAL);
		return;
	}
	if (passes)
		(void)gdb_read_char(&at, ';');
	if (gdb_read_number(&at, &pc))
		gdb_set_pc(&g->state, pc);
	g->resume = signal ? GDB_PASS_SIGNAL : steps ? GDB_STEP : GDB_CONTINUE;
}

/*
 * "vCont;ACTION[:THREAD]...": the first that applies to the current thread
 * counts, as it is the one that runs; others go on with the guest.
 */
static void resume_each(struct gdb *g, const char *at)
{
	enum gdb_resume how = GDB_CONTINUE;
	bool found = false;

	while (gdb_read_char(&at, ';')) {
		char action = *at++;
		uint64_t signal = 0, id = g->thread[0].id;

		if (!action || !strchr("cCsS", action) ||
		    ((action == 'C' || action == 'S') &&
		     !gdb_read_number(&at, &signal)))
			goto bad;
		if (gdb_read_char(&at, ':')) {
			uint64_t all;

			if (gdb_read_char(&at, '-'))
				(void)gdb_read_number(&at, &all);
			else if (!gdb_read_number(&at, &id))
				goto bad;
		}
		if (found || id != g->thread[0].id)
			continue;
		found = true;
		if (action == 's' || action == 'S')
			how = GDB_STEP;
		if ((action == 'C' || action == 'S') && signal)
			how = GDB_PASS_SIGNAL;
	}
	g->resume = how;
	return;

bad:
	answer_error(g, -EINVAL);
}

static void long_command(struct gdb *g, const char *packet)
{
	if (!strcmp(packet, "vCont?")) {
		gdb_reply_text(&g->reply, "vCont;c;C;s;S");
	} else if (!strncmp(packet, "vCont;", 6)) {
		resume_each(g, packet + 5);
	} else if (!strncmp(packet, "vKill", 5)) {
		answer_ok(g);
		gdb_send(g);
		g->resume = GDB_KILL;
	}
}

static void detach(struct gdb *g)
{
	answer_ok(g);
	gdb_send(g);
	g->resume = GDB_DETACH;
}

/* The place of the thread with this number, 0 or less meaning any; or -1. */
static int find_thread(const struct gdb *g, const char *at)
{
	uint64_t id;

	if (*at == '-')
		return 0;
	if (!gdb_read_number(&at, &id))
		return -1;
	for (unsigned i = 0; i < g->thread_count; i++)
		if (!id || g->thread[i].id == id)
			return (int)i;
	return -1;
}

/* "Hg" and a thread: whose registers are meant from now on. "Hc" is old. */
static void select_thread(struct gdb *g, const char *at)
{
	int i = find_thread(g, *at ? at + 1 : at);

	if (i > 0 && *at == 'g' &&
	    !guest_thread_state(g->m, g->m->threads_gpa, &g->thread[i],
				&g->other))
		i = -1;
	if (i >= 0 && *at == 'g')
		g->selected = (unsigned)i;
	answer(g, i < 0 ? -ESRCH : 0);
}

static void carry_out(struct gdb *g, const char *packet)
{
	switch (*packet) {
	case '?':
		gdb_reply_text(&g->reply, "%s", g->stop);
		break;
	case 'g':
		read_registers(g);
		break;
	case 'G':
		write_registers(g, packet + 1);
		break;
	case 'p':
		read_register(g, packet + 1);
		break;
	case 'P':
		write_register(g, packet + 1);
		break;
	case 'm':
		read_memory(g, packet + 1);
		break;
	case 'M':
	case 'X':
		write_memory(g, packet + 1, *packet == 'X');
		break;
	case 'Z':
	case 'z':
		set_breakpoint(g, packet);
		break;
	case 'c':
	case 'C':
	case 's':
	case 'S':
		resume(g, packet);
		break;
	case 'v':
		long_command(g, packet);
		break;
	case 'q':
	case 'Q':
		gdb_query(g, packet);
		break;
	case 'H':
		select_thread(g, packet + 1);
		break;
	case 'T':
		answer(g, find_thread(g, packet + 1) < 0 ? -ESRCH : 0);
		break;
	case 'D':
		detach(g);
		break;
	case 'k':
		g->resume = GDB_KILL;
		break;
	default: /* not supported: an empty answer */
		break;
	}
}

void gdb_command(struct gdb *g)
{
	enum gdb_resume before = g->resume;

	g->reply.length = 0;
	carry_out(g, g->parser.data);
	/* What makes the guest run is answered when it stops. */
	if (g->resume == before)
		gdb_send(g);
}
