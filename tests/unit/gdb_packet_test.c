/* SPDX-License-Identifier: ISC */
/*
 * What comes from a debugger: packets that are whole, damaged, and wild; and
 * commands in them that are wrong in every way. None of these may do more than
 * be refused.
 */
#include <stdlib.h>
#include <string.h>

#include "gdb_internal.h"
#include "guest_memory.h"
#include "machine.h"
#include "memory_map.h"
#include "tap.h"

#define WILD_BYTES    2000000u
#define WILD_COMMANDS 200000u
#define MEM_BYTES     0x200000ULL

static uint32_t seed = 1;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

/* The last event that these bytes make. */
static enum gdb_event feed(struct gdb_parser *p, const char *bytes, size_t n)
{
	enum gdb_event event = GDB_NOTHING;

	for (size_t i = 0; i < n; i++)
		event = gdb_parser_feed(p, (uint8_t)bytes[i]);
	return event;
}

static void test_packets(void)
{
	static const struct {
		const char *bytes;
		enum gdb_event event;
		const char *data;
	} cases[] = {
		{"$#00", GDB_PACKET, ""},
		{"$g#67", GDB_PACKET, "g"},
		{"$OK#9a", GDB_PACKET, "OK"},
		{"$OK#9A", GDB_PACKET, "OK"},
		{"+$OK#9a", GDB_PACKET, "OK"},
		{"rubbish$OK#9a", GDB_PACKET, "OK"},
		{"$half$OK#9a", GDB_PACKET, "OK"},
		{"$}\x03#80", GDB_PACKET, "#"},
		{"$OK#9b", GDB_DAMAGED, NULL},
		{"$OK#9g", GDB_DAMAGED, NULL},
		{"$OK#", GDB_NOTHING, NULL},
		{"$OK", GDB_NOTHING, NULL},
		{"\x03", GDB_INTERRUPT, NULL},
		{"$\x03#03", GDB_PACKET, "\x03"},
		{"-", GDB_REFUSED, NULL},
		{"+", GDB_NOTHING, NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gdb_parser p = {.state = GDB_OUTSIDE};
		enum gdb_event event =
			feed(&p, cases[i].bytes, strlen(cases[i].bytes));

		EXPECT(event == cases[i].event, "'%s': event %d",
		       cases[i].bytes, (int)event);
		EXPECT(!cases[i].data || !strcmp(p.data, cases[i].data),
		       "'%s': '%s'", cases[i].bytes, p.data);
	}
	promise("a packet is taken when it is whole, and not otherwise");
}

static void test_long(void)
{
	static struct gdb_parser p;
	static char big[GDB_PACKET_MAX + 8];

	memset(big, 'a', sizeof(big));
	big[0] = '$';
	EXPECT(feed(&p, big, sizeof(big)) == GDB_NOTHING, "an event");
	EXPECT(feed(&p, "#00", 3) == GDB_DAMAGED, "too long, and taken");
	EXPECT(feed(&p, "$OK#9a", 6) == GDB_PACKET, "not taken after it");
	promise("a packet that is too long is refused, the next one taken");
}

static void test_wild(void)
{
	static const char alphabet[] = "$#}+-\x03"
				       "0123456789abcdefmMXZ,:;=";
	static struct gdb_parser p;

	for (unsigned i = 0; i < WILD_BYTES; i++) {
		gdb_parser_feed(&p, (uint8_t)alphabet[draw(sizeof(alphabet))]);
		EXPECT(p.length <= GDB_PACKET_MAX, "length %zu", p.length);
	}
	EXPECT(feed(&p, "#00$OK#9a", 9) == GDB_PACKET, "no packet after it");
	promise("after any bytes whatever, the next good packet is taken");
}

static void test_replies(void)
{
	static struct gdb_reply r;
	static struct gdb_parser p;
	static char frame[GDB_FRAME_MAX];
	char all[256];
	size_t n;

	for (unsigned i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	EXPECT(gdb_reply_binary(&r, all, sizeof(all)), "does not fit");
	n = gdb_reply_frame(&r, frame);
	EXPECT(feed(&p, frame, n) == GDB_PACKET, "damaged");
	EXPECT(p.length == sizeof(all) && !memcmp(p.data, all, sizeof(all)),
	       "%zu bytes", p.length);
	promise("bytes of every value come through a packet as they were");

	memset(&r, 0, sizeof(r));
	for (unsigned i = 0; i < GDB_PACKET_MAX; i++)
		gdb_reply_text(&r, "ab");
	EXPECT(r.overfull && r.length == GDB_PACKET_MAX, "%zu", r.length);
	n = gdb_reply_frame(&r, frame);
	EXPECT(n == GDB_FRAME_MAX, "%zu", n);
	promise("an answer that is too long is cut off");
}

static int fake_watch(struct vcpu *vcpu, const struct vcpu_watch *watch,
		      unsigned count)
{
	(void)vcpu;
	for (unsigned i = 0; i < count; i++)
		EXPECT(watch[i].bytes && watch[i].bytes <= 8 &&
			       watch[i].address % watch[i].bytes == 0,
		       "%u bytes at 0x%llx", watch[i].bytes,
		       (unsigned long long)watch[i].address);
	EXPECT(count <= VCPU_MAX_WATCHES, "%u", count);
	return 0;
}

static const struct vcpu_debug_ops fake_debug = {.watch = fake_watch};
static const struct vcpu_ops fake_ops = {.debug = &fake_debug};

/* A command that begins well and then, often, goes wrong. */
static void draw_command(struct gdb_parser *p)
{
	static const char *const good[] = {
		"?",
		"g",
		"G00",
		"p0",
		"P10=00",
		"m100000,10",
		"M100000,2:abcd",
		"X100000,4:abcd",
		"Z0,100000,1",
		"z0,100000,1",
		"Z2,100001,7",
		"z2,100001,7",
		"Z4,100000,20",
		"Z1,100000,1",
		"c",
		"s100000",
		"C0b;100000",
		"vCont;s:1;c",
		"vCont?",
		"qSupported:swbreak+",
		"Hg0",
		"T1",
		"D",
		"k",
		"qXfer:features:read:target.xml:0,ffb",
		"qRcmd,6d6170",
		"QStartNoAckMode",
		"qfThreadInfo",
		"vKill;1",
		"q",
		"",
		"m1fffff,2",
		"mffffffffffffffff,ffffffffffffffff",
	};
	const char *from = good[draw(sizeof(good) / sizeof(good[0]))];

	p->length = strlen(from);
	memcpy(p->data, from, p->length);
	for (uint32_t n = draw(4); n; n--) {
		if (draw(3) == 0 && p->length)
			p->length -= draw((uint32_t)p->length);
		else if (p->length)
			p->data[draw((uint32_t)p->length)] =
				(char)"0123f,;:=-Zz\xff"[draw(13)];
		else
			p->data[p->length++] = (char)draw(256);
	}
	p->data[p->length] = '\0';
}

static void test_commands(void)
{
	static struct machine m;
	static struct gdb g;
	struct vcpu vcpu = {.ops = &fake_ops};
	uint8_t *before = malloc(MEM_BYTES);

	m.vcpu = &vcpu;
	if (guest_mem_init(&m.mem, MEM_BYTES, BP_PAGE_BYTES) < 0 || !before)
		abort();
	guest_mem_add_region(&m.mem, 0x100000, 0x101000,
			     GUEST_READ | GUEST_EXEC);
	memcpy(before, m.mem.base, MEM_BYTES);
	g.m = &m;
	g.fd = -1;
	for (unsigned i = 0; i < WILD_COMMANDS; i++) {
		g.resume = GDB_STOPPED;
		draw_command(&g.parser);
		gdb_command(&g);
		EXPECT(g.watch_count <= VCPU_MAX_WATCHES &&
			       g.slot_count <= VCPU_MAX_WATCHES,
		       "'%s'", g.parser.data);
	}
	gdb_breakpoint_remove_all(&g.breakpoints, &m.mem);
	memset(before + 0x100000, 0, 0x1000);
	memset(m.mem.base + 0x100000, 0, 0x1000);
	EXPECT(!memcmp(before, m.mem.base, MEM_BYTES), "changed");
	promise("wrong commands change nothing outside the guest's memory");
	guest_mem_finish(&m.mem);
	free(before);
}

static void test_breakpoints(void)
{
	static struct gdb_breakpoints b;
	static struct guest_mem mem;
	uint8_t seen[4] = {0}, text[4] = {1, 2, 3, 4};

	if (guest_mem_init(&mem, MEM_BYTES, BP_PAGE_BYTES) < 0)
		abort();
	guest_mem_add_region(&mem, 0x100000, 0x101000, GUEST_READ | GUEST_EXEC);
	memcpy(mem.base + 0x100000, text, 4);
	EXPECT(!gdb_breakpoint_insert(&b, &mem, 0x100001), "refused");
	EXPECT(!gdb_breakpoint_insert(&b, &mem, 0x100001), "refused again");
	EXPECT(b.count == 1 && mem.base[0x100001] == gdb_breakpoint[0],
	       "not there");
	EXPECT(!gdb_memory_read(&b, &mem, 0x100000, seen, 4) &&
		       !memcmp(seen, text, 4),
	       "seen");
	promise("a breakpoint is in memory, and a debugger does not see it");

	text[1] = 9;
	EXPECT(!gdb_memory_write(&b, &mem, 0x100000, text, 4), "refused");
	EXPECT(mem.base[0x100001] == gdb_breakpoint[0], "overwritten");
	gdb_breakpoint_remove(&b, &mem, 0x100001);
	EXPECT(!memcmp(mem.base + 0x100000, text, 4), "not what was written");
	promise("what is written over a breakpoint is there when it goes");

	EXPECT(gdb_breakpoint_insert(&b, &mem, 0x101000) < 0, "past the end");
	EXPECT(gdb_breakpoint_insert(&b, &mem, 0) < 0, "at 0");
	EXPECT(gdb_breakpoint_insert(&b, &mem, UINT64_MAX) < 0, "at the end");
	promise("a breakpoint where there is no memory is refused");
	guest_mem_finish(&mem);
}

int main(void)
{
	test_packets();
	test_long();
	test_wild();
	test_replies();
	test_commands();
	test_breakpoints();
	return promises_end();
}
