/* SPDX-License-Identifier: ISC */
/*
 * THEORY OF OPERATION
 * While the guest runs nobody reads the debugger's socket; a byte on it sends
 * SIGIO, which stops the guest (attention.h). While the guest is stopped the
 * tender does nothing but talk to the debugger, until that says how to go on.
 * Registers are read once at a stop, changed in that copy, and written back
 * when the guest goes on. A debugger that goes away leaves the guest running,
 * without its breakpoints; another one may come.
 */
#include "gdb.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gdb_internal.h"
#include "gdb_signal.h"
#include "guest_memory.h"
#include "interrupt.h"
#include "log.h"
#include "machine.h"
#include "upcall.h"

#define INSTRUCTION_MAX 15

struct gdb *gdb_open(struct machine *m, const struct gdb_option *option)
{
	struct gdb *g = calloc(1, sizeof(*g));

	if (!g) {
		log_error("out of memory");
		return NULL;
	}
	g->m = m;
	g->fd = -1;
	g->attached_later = option->later;
	g->stop_soon = !option->later;
	if (gdb_listen(g, option) < 0) {
		free(g);
		return NULL;
	}
	return g;
}

void gdb_notice(struct gdb *g)
{
	g->noticed = true;
}

static void take_byte(struct gdb *g, uint8_t byte)
{
	switch (gdb_parser_feed(&g->parser, byte)) {
	case GDB_PACKET:
		if (!g->no_ack)
			gdb_send_bytes(g, "+", 1);
		gdb_command(g);
		break;
	case GDB_DAMAGED:
		if (!g->no_ack)
			gdb_send_bytes(g, "-", 1);
		break;
	case GDB_REFUSED:
		if (!g->no_ack)
			gdb_send_again(g);
		break;
	case GDB_INTERRUPT: /* it crossed our stop reply */
	case GDB_NOTHING:
		break;
	}
}

/* Until it says how to go on, it goes, or the time limit comes. */
static void converse(struct gdb *g)
{
	struct pollfd p = {.events = POLLIN};
	uint8_t byte;

	g->resume = GDB_STOPPED;
	while (g->fd >= 0 && g->resume == GDB_STOPPED && !interrupt_pending()) {
		if (gdb_receive(g, &byte))
			take_byte(g, byte);
		p.fd = g->fd;
		if (g->fd >= 0 && g->resume == GDB_STOPPED)
			(void)poll(&p, 1, -1); /* seccomp: poll */
	}
	if (g->fd < 0 && g->resume == GDB_STOPPED)
		g->resume = GDB_DETACH;
}

static void forget_debugger(struct gdb *g)
{
	gdb_breakpoint_remove_all(&g->breakpoints, &g->m->mem);
	(void)gdb_watch_clear(g);
	gdb_hang_up(g);
	log_debug("debugger: gone");
}

/* A single step is to leave no trace in what the guest computes. */
static void prepare_step(struct gdb *g)
{
	uint8_t code[INSTRUCTION_MAX];
	size_t bytes = sizeof(code);

	g->hide_step = 0;
	while (bytes && gdb_memory_read(&g->breakpoints, &g->m->mem,
					gdb_pc(&g->state), code, bytes) < 0)
		bytes--;
	if (gdb_step_is_seen(code, bytes))
		g->hide_step = 1;
}

static void finish_step(struct gdb *g)
{
	uint64_t word, gpa = gdb_step_word(&g->state);
	void *at = guest_mem_debug(&g->m->mem, gpa, sizeof(word));

	if (!g->hide_step || !at)
		return;
	memcpy(&word, at, sizeof(word));
	word = gdb_step_hide(word);
	memcpy(at, &word, sizeof(word));
	g->hide_step = 0;
}

/* The guest goes on from what was read of it. */
static enum gdb_verdict go_on(struct gdb *g)
{
	const struct vcpu_debug_ops *ops = g->m->vcpu->ops->debug;

	g->stepping = g->step_wanted || (g->watches_by_step && g->watch_count);
	if (g->stepping)
		prepare_step(g);
	if (ops->step(g->m->vcpu, g->stepping) < 0 ||
	    ops->write(g->m->vcpu, &g->state) < 0)
		return GDB_FAILED;
	return GDB_GO_ON;
}

/* The guest goes on as the debugger said. */
static enum gdb_verdict resume(struct gdb *g, bool fatal)
{
	enum gdb_resume how = g->resume;

	if (how == GDB_DETACH)
		forget_debugger(g);
	if (how == GDB_KILL)
		return GDB_KILLED;
	if (fatal && (how == GDB_PASS_SIGNAL || how == GDB_DETACH))
		return GDB_FATAL;
	g->step_wanted = how == GDB_STEP;
	return go_on(g);
}

/* Tells the debugger, if @announce, that the guest stopped: see g->stop. */
static enum gdb_verdict stop(struct gdb *g, bool announce, bool fatal)
{
	g->stop_soon = false;
	if (announce) {
		gdb_reply_text(&g->reply, "%s", g->stop);
		gdb_send(g);
	}
	converse(g);
	if (g->resume == GDB_STOPPED) /* the time limit */
		return GDB_GO_ON;
	return resume(g, fatal);
}

static bool read_state(struct gdb *g)
{
	g->thread_count = guest_threads_list(g->m, g->m->threads_gpa, g->thread,
					     GUEST_THREADS_MAX);
	g->selected = 0;
	return !g->m->vcpu->ops->debug->read(g->m->vcpu, &g->state);
}

static void stop_reply(struct gdb *g, int signal, const char *reason)
{
	snprintf(g->stop, sizeof(g->stop), "T%02x%sthread:%llx;",
		 gdb_signal_of(signal), reason,
		 (unsigned long long)g->thread[0].id);
}

static void stop_at_watch(struct gdb *g, const struct gdb_watch *w)
{
	char reason[40];

	snprintf(reason, sizeof(reason), "%swatch:%llx;",
		 w->type == '2'	  ? ""
		 : w->type == '3' ? "r"
				  : "a",
		 (unsigned long long)w->gpa);
	stop_reply(g, SIGTRAP, reason);
}

/* Blocks until somebody has come, or the time limit. */
static void wait_for_debugger(struct gdb *g)
{
	struct pollfd p = {.fd = g->listen_fd, .events = POLLIN};

	while (!interrupt_pending() && !gdb_accept(g))
		(void)poll(&p, 1, -1);
}

/* What came while the guest ran: somebody new, Ctrl-C, or the end. */
static void look_at_sockets(struct gdb *g)
{
	uint8_t byte;

	g->noticed = false;
	if (gdb_accept(g))
		g->stop_soon = true;
	while (g->fd >= 0 && gdb_receive(g, &byte))
		if (gdb_parser_feed(&g->parser, byte) == GDB_INTERRUPT)
			g->stop_soon = true;
}

/* An exception is on its way: the guest will stop by itself in a moment. */
static bool is_between(struct gdb *g)
{
	struct bp_upcall_frame frame;

	return g->m->vcpu->ops->interrupted(g->m->vcpu, &frame) == -EAGAIN;
}

enum gdb_verdict gdb_attend(struct gdb *g)
{
	bool first = false, was_there = g->fd >= 0;

	if (g->stop_soon && g->fd < 0) {
		wait_for_debugger(g);
		first = true;
	} else if (g->noticed) {
		look_at_sockets(g);
		first = !was_there && g->fd >= 0;
	}
	if (was_there && g->fd < 0) {
		if (!read_state(g))
			return GDB_FAILED;
		g->resume = GDB_DETACH;
		return resume(g, false);
	}
	if (!g->stop_soon || g->fd < 0 || is_between(g))
		return GDB_GO_ON;
	if (!read_state(g))
		return GDB_FAILED;
	if (g->stop_at)
		stop_at_watch(g, g->stop_at);
	else
		stop_reply(g, g->step_wanted || first ? SIGTRAP : SIGINT, "");
	g->stop_at = NULL;
	return stop(g, !first, false);
}

bool gdb_steps(const struct gdb *g)
{
	return g->stepping;
}

/* The vCPU does not see what the tender itself writes. */
void gdb_called(struct gdb *g)
{
	g->stop_at = gdb_watch_changed(g);
	if (g->step_wanted || g->stop_at)
		g->stop_soon = true;
}

/* Why a SIGTRAP came; false when the debugger need not know of it. */
static bool trap_reason(struct gdb *g, const struct vcpu_exit *exit)
{
	uint64_t pc = gdb_pc(&g->state) - GDB_BREAKPOINT_BYTES;
	const struct gdb_watch *w;

	stop_reply(g, SIGTRAP, "");
	if (exit->trap.cause == VCPU_BREAKPOINT) {
		if (!gdb_breakpoint_is_at(&g->breakpoints, pc))
			return true; /* one of the guest's own */
		gdb_set_pc(&g->state, pc);
		if (g->reports_swbreak)
			stop_reply(g, SIGTRAP, "swbreak:;");
		return true;
	}
	w = g->watches_by_step ? gdb_watch_changed(g) : gdb_watch_hit(g);
	if (w && w->type != '1')
		stop_at_watch(g, w);
	else if (w && g->reports_hwbreak)
		stop_reply(g, SIGTRAP, "hwbreak:;");
	return w || g->step_wanted || !g->stepping;
}

enum gdb_verdict gdb_trapped(struct gdb *g, const struct vcpu_exit *exit)
{
	bool debugging = exit->trap.cause != VCPU_FAULT;

	if (g->fd < 0)
		return GDB_FATAL;
	if (!read_state(g))
		return GDB_FAILED;
	if (g->stepping)
		finish_step(g);
	if (!debugging)
		stop_reply(g, exit->trap.signal, "");
	else if (!trap_reason(g, exit))
		return go_on(g);
	return stop(g, true, !debugging);
}

enum gdb_verdict gdb_violation(struct gdb *g)
{
	if (g->fd < 0)
		return GDB_FATAL;
	if (!read_state(g))
		return GDB_FAILED;
	stop_reply(g, SIGSYS, "");
	(void)stop(g, true, true);
	return g->resume == GDB_KILL ? GDB_KILLED : GDB_FATAL;
}

void gdb_close(struct gdb *g, int status, int signal)
{
	if (g->fd >= 0) {
		if (signal)
			gdb_reply_text(&g->reply, "X%02x",
				       gdb_signal_of(signal));
		else
			gdb_reply_text(&g->reply, "W%02x", status & 0xff);
		gdb_send(g);
	}
	gdb_hang_up(g);
	/* Descriptors go with the process. */
	free(g);
}
