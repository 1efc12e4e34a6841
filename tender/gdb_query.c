/* SPDX-License-Identifier: ISC */
/* Queries of GDB (GDB manual, E.4 "General Query Packets"), and `monitor`. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gdb_arch.h"
#include "gdb_internal.h"
#include "guest_memory.h"
#include "inspect.h"
#include "machine.h"

/* What follows @prefix in @packet, or NULL. */
static const char *behind(const char *packet, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(packet, prefix, n) ? NULL : packet + n;
}

static void supported(struct gdb *g, const char *theirs)
{
	g->reports_swbreak = strstr(theirs, "swbreak+");
	g->reports_hwbreak = strstr(theirs, "hwbreak+");
	gdb_reply_text(&g->reply,
		       "PacketSize=%x;QStartNoAckMode+;qXfer:features:read+;"
		       "swbreak+;hwbreak+;vContSupported+",
		       GDB_PACKET_MAX);
}

/* "target.xml:OFFSET,BYTES" */
static void features(struct gdb *g, const char *at)
{
	char text[GDB_TARGET_MAX];
	const char *range = behind(at, "target.xml:");
	uint64_t offset, bytes, all;

	if (!range || !gdb_read_number(&range, &offset) ||
	    !gdb_read_char(&range, ',') || !gdb_read_number(&range, &bytes)) {
		gdb_reply_text(&g->reply, "E00");
		return;
	}
	gdb_target(text);
	all = strlen(text);
	if (offset > all)
		offset = all;
	if (bytes > all - offset)
		bytes = all - offset;
	/* Half, as each byte may become two. */
	if (bytes > GDB_PACKET_MAX / 2 - 1)
		bytes = GDB_PACKET_MAX / 2 - 1;
	gdb_reply_text(&g->reply, offset + bytes < all ? "m" : "l");
	(void)gdb_reply_binary(&g->reply, text + offset, bytes);
}

static void say(struct gdb *g, const char *text)
{
	gdb_say(g, text, strlen(text));
}

static void monitor_map(struct gdb *g)
{
	const struct guest_mem *mem = &g->m->mem;
	char line[80];

	for (unsigned i = 0; i < mem->region_count; i++) {
		const struct guest_region *r = &mem->region[i];

		snprintf(line, sizeof(line), "0x%010llx 0x%010llx %c%c%c\n",
			 (unsigned long long)r->start,
			 (unsigned long long)r->end,
			 r->access & GUEST_READ ? 'r' : '-',
			 r->access & GUEST_WRITE ? 'w' : '-',
			 r->access & GUEST_EXEC ? 'x' : '-');
		say(g, line);
	}
}

static void monitor(struct gdb *g, const char *hex)
{
	char command[64] = "", text[4096];
	size_t n = strlen(hex) / 2;

	if (n >= sizeof(command) || !gdb_read_hex(&hex, command, n)) {
		gdb_reply_text(&g->reply, "E00");
		return;
	}
	if (!strcmp(command, "map")) {
		monitor_map(g);
	} else if (!strcmp(command, "stats")) {
		inspect_stats_text(g->m, text, sizeof(text));
		say(g, text);
	} else {
		say(g, "monitor map    what memory the guest may access\n"
		       "monitor stats  hypercalls, time and memory so far\n");
		if (strcmp(command, "help") != 0)
			say(g, "there is no other such command\n");
	}
	g->reply.length = 0;
	gdb_reply_text(&g->reply, "OK");
}

static void list_threads(struct gdb *g)
{
	for (unsigned i = 0; i < g->thread_count; i++)
		gdb_reply_text(&g->reply, "%c%llx", i ? ',' : 'm',
			       (unsigned long long)g->thread[i].id);
}

static void name_thread(struct gdb *g, const char *at)
{
	const char *name = "", *running = "";
	char text[40];
	uint64_t id;

	if (!gdb_read_number(&at, &id))
		return;
	for (unsigned i = 0; i < g->thread_count; i++)
		if (g->thread[i].id == id) {
			name = g->thread[i].name;
			running = i ? "" : "running";
		}
	snprintf(text, sizeof(text), "%s%s%s", name,
		 *name && *running ? ", " : "", running);
	gdb_reply_hex(&g->reply, text, strlen(text));
}

void gdb_query(struct gdb *g, const char *packet)
{
	const char *rest;

	if ((rest = behind(packet, "qSupported")))
		supported(g, rest);
	else if ((rest = behind(packet, "qXfer:features:read:")))
		features(g, rest);
	else if ((rest = behind(packet, "qRcmd,")))
		monitor(g, rest);
	else if (!strcmp(packet, "qC"))
		gdb_reply_text(&g->reply, "QC%llx",
			       (unsigned long long)g->thread[0].id);
	else if (!strcmp(packet, "qfThreadInfo"))
		list_threads(g);
	else if (!strcmp(packet, "qsThreadInfo"))
		gdb_reply_text(&g->reply, "l");
	else if ((rest = behind(packet, "qThreadExtraInfo,")))
		name_thread(g, rest);
	else if (behind(packet, "qAttached"))
		gdb_reply_text(&g->reply, g->attached_later ? "1" : "0");
	else if (behind(packet, "qSymbol:"))
		gdb_reply_text(&g->reply, "OK");
	else if (!strcmp(packet, "QStartNoAckMode")) {
		gdb_reply_text(&g->reply, "OK");
		g->no_ack = true;
	}
}
