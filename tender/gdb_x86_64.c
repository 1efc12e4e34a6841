/* SPDX-License-Identifier: ISC */
/* GDB's view of x86-64 (GDB manual, appendix G.5.6 "i386 Features"). */
#include "gdb_arch.h"

#include <stdio.h>
#include <string.h>

#include "cpu_state.h"

const uint8_t gdb_breakpoint[GDB_BREAKPOINT_BYTES] = {0xcc};

enum feature {
	CORE,
	SSE,
	SEGMENTS,
	FEATURE_COUNT,
};

static const char *const feature_names[] = {
	[CORE] = "core",
	[SSE] = "sse",
	[SEGMENTS] = "segments",
};

_Static_assert(sizeof(feature_names) / sizeof(feature_names[0]) ==
		       FEATURE_COUNT,
	       "every feature has a name");

struct gdb_register {
	const char *name;
	const char *type;
	uint8_t bytes;	/* as GDB has it */
	uint8_t stored; /* of it are in the state; zeros follow */
	uint16_t offset;
	enum feature feature;
};

#define REG(name, type, bytes, field, feature)                           \
	{                                                                \
		name, type, bytes,                                       \
			sizeof(((struct cpu_state *)0)->field) < (bytes) \
				? sizeof(((struct cpu_state *)0)->field) \
				: (bytes),                               \
			offsetof(struct cpu_state, field), feature       \
	}
#define GENERAL(name)	 REG(#name, "int64", 8, regs.name, CORE)
#define SEGMENT(name, i) REG(name, "int32", 4, segment[i], CORE)
#define X87(i)		 REG("st" #i, "i387_ext", 10, fpu.st[i], CORE)
#define XMM(i)		 REG("xmm" #i, "vec128", 16, fpu.xmm[i], SSE)

/* GDB knows these by number, not by name: the order is its own. */
static const struct gdb_register registers[] = {
	GENERAL(rax),
	GENERAL(rbx),
	GENERAL(rcx),
	GENERAL(rdx),
	GENERAL(rsi),
	GENERAL(rdi),
	REG("rbp", "data_ptr", 8, regs.rbp, CORE),
	REG("rsp", "data_ptr", 8, regs.rsp, CORE),
	GENERAL(r8),
	GENERAL(r9),
	GENERAL(r10),
	GENERAL(r11),
	GENERAL(r12),
	GENERAL(r13),
	GENERAL(r14),
	GENERAL(r15),
	REG("rip", "code_ptr", 8, regs.rip, CORE),
	REG("eflags", "i386_eflags", 4, regs.rflags, CORE),
	SEGMENT("cs", CPU_CS),
	SEGMENT("ss", CPU_SS),
	SEGMENT("ds", CPU_DS),
	SEGMENT("es", CPU_ES),
	SEGMENT("fs", CPU_FS),
	SEGMENT("gs", CPU_GS),
	X87(0),
	X87(1),
	X87(2),
	X87(3),
	X87(4),
	X87(5),
	X87(6),
	X87(7),
	REG("fctrl", "int", 4, fpu.fcw, CORE),
	REG("fstat", "int", 4, fpu.fsw, CORE),
	REG("ftag", "int", 4, fpu.ftw, CORE),
	REG("fiseg", "int", 4, fpu.zero, CORE),
	REG("fioff", "int", 4, fpu.fip, CORE),
	REG("foseg", "int", 4, fpu.zero, CORE),
	REG("fooff", "int", 4, fpu.fdp, CORE),
	REG("fop", "int", 4, fpu.fop, CORE),
	XMM(0),
	XMM(1),
	XMM(2),
	XMM(3),
	XMM(4),
	XMM(5),
	XMM(6),
	XMM(7),
	XMM(8),
	XMM(9),
	XMM(10),
	XMM(11),
	XMM(12),
	XMM(13),
	XMM(14),
	XMM(15),
	REG("mxcsr", "i386_mxcsr", 4, fpu.mxcsr, SSE),
	REG("fs_base", "int64", 8, fs_base, SEGMENTS),
	REG("gs_base", "int64", 8, gs_base, SEGMENTS),
};

const unsigned gdb_register_count = sizeof(registers) / sizeof(registers[0]);

#define AT(field) offsetof(struct cpu_state, field)

/* FXSAVE has one bit for each, GDB two: 3 is empty (SDM volume 1, 8.1.7). */
static uint32_t wide_tags(uint8_t tags)
{
	uint32_t wide = 0;

	for (unsigned i = 0; i < 8; i++)
		if (!(tags & 1u << i))
			wide |= 3u << i * 2;
	return wide;
}

static uint8_t short_tags(uint32_t wide)
{
	unsigned tags = 0;

	for (unsigned i = 0; i < 8; i++)
		if ((wide >> i * 2 & 3) != 3)
			tags |= 1u << i;
	return (uint8_t)tags;
}

size_t gdb_register_bytes(unsigned n)
{
	return registers[n].bytes;
}

size_t gdb_register_get(const struct cpu_state *state, unsigned n,
			uint8_t out[GDB_REGISTER_MAX_BYTES])
{
	const struct gdb_register *r = &registers[n];

	memset(out, 0, r->bytes);
	memcpy(out, (const char *)state + r->offset, r->stored);
	if (r->offset == AT(fpu.ftw)) {
		uint32_t wide = wide_tags(state->fpu.ftw);

		memcpy(out, &wide, sizeof(wide));
	}
	return r->bytes;
}

void gdb_register_set(struct cpu_state *state, unsigned n, const uint8_t *in)
{
	const struct gdb_register *r = &registers[n];

	if (r->offset == AT(fpu.ftw)) {
		uint32_t wide;

		memcpy(&wide, in, sizeof(wide));
		state->fpu.ftw = short_tags(wide);
	} else if (r->offset == AT(regs.rflags)) {
		/* What ring 3 may change: SDM volume 1, 3.4.3. */
		const uint64_t free = 0x200cd5;
		uint32_t flags;

		memcpy(&flags, in, sizeof(flags));
		state->regs.rflags =
			(state->regs.rflags & ~free) | (flags & free);
	} else if (r->offset != AT(fpu.zero)) {
		memcpy((char *)state + r->offset, in, r->stored);
	}
}

static const char types[] =
	"<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>"
	"<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>"
	"<vector id=\"v16i8\" type=\"int8\" count=\"16\"/>"
	"<vector id=\"v8i16\" type=\"int16\" count=\"8\"/>"
	"<vector id=\"v4i32\" type=\"int32\" count=\"4\"/>"
	"<vector id=\"v2i64\" type=\"int64\" count=\"2\"/>"
	"<union id=\"vec128\"><field name=\"v4_float\" type=\"v4f\"/>"
	"<field name=\"v2_double\" type=\"v2d\"/>"
	"<field name=\"v16_int8\" type=\"v16i8\"/>"
	"<field name=\"v8_int16\" type=\"v8i16\"/>"
	"<field name=\"v4_int32\" type=\"v4i32\"/>"
	"<field name=\"v2_int64\" type=\"v2i64\"/>"
	"<field name=\"uint128\" type=\"uint128\"/></union>";

struct flag {
	const char *name;
	unsigned bit;
};

static const struct flag eflags[] = {
	{"CF", 0},  {"", 1},	{"PF", 2},  {"AF", 4},	{"ZF", 6},
	{"SF", 7},  {"TF", 8},	{"IF", 9},  {"DF", 10}, {"OF", 11},
	{"NT", 14}, {"RF", 16}, {"VM", 17}, {"AC", 18}, {"ID", 21},
};

static const struct flag mxcsr[] = {
	{"IE", 0},  {"DE", 1},	{"ZE", 2},  {"OE", 3},	{"UE", 4},
	{"PE", 5},  {"DAZ", 6}, {"IM", 7},  {"DM", 8},	{"ZM", 9},
	{"OM", 10}, {"UM", 11}, {"PM", 12}, {"FZ", 15},
};

static size_t put_flags(char *out, size_t left, const char *id,
			const struct flag *flag, size_t count)
{
	size_t n =
		(size_t)snprintf(out, left, "<flags id=\"%s\" size=\"4\">", id);

	for (size_t i = 0; i < count; i++)
		n += (size_t)snprintf(out + n, left - n,
				      "<field name=\"%s\" start=\"%u\" "
				      "end=\"%u\"/>",
				      flag[i].name, flag[i].bit, flag[i].bit);
	return n + (size_t)snprintf(out + n, left - n, "</flags>");
}

void gdb_target(char out[GDB_TARGET_MAX])
{
	size_t left = GDB_TARGET_MAX;
	size_t n = (size_t)snprintf(
		out, left,
		"<?xml version=\"1.0\"?>"
		"<!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target>"
		"<architecture>i386:x86-64</architecture>");

	for (unsigned i = 0; i < gdb_register_count; i++) {
		const struct gdb_register *r = &registers[i];

		if (!i || r->feature != r[-1].feature)
			n += (size_t)snprintf(
				out + n, left - n,
				"%s<feature name=\"org.gnu.gdb.i386.%s\">",
				i ? "</feature>" : "",
				feature_names[r->feature]);
		if (!i)
			n += put_flags(out + n, left - n, "i386_eflags", eflags,
				       sizeof(eflags) / sizeof(eflags[0]));
		if (r->feature == SSE && r[-1].feature != SSE) {
			n += (size_t)snprintf(out + n, left - n, "%s", types);
			n += put_flags(out + n, left - n, "i386_mxcsr", mxcsr,
				       sizeof(mxcsr) / sizeof(mxcsr[0]));
		}
		n += (size_t)snprintf(out + n, left - n,
				      "<reg name=\"%s\" bitsize=\"%u\" "
				      "type=\"%s\"/>",
				      r->name, r->bytes * 8u, r->type);
	}
	snprintf(out + n, left - n, "</feature></target>");
}

uint64_t gdb_pc(const struct cpu_state *state)
{
	return state->regs.rip;
}

void gdb_set_pc(struct cpu_state *state, uint64_t pc)
{
	state->regs.rip = pc;
}

/* pushf, with any of the prefixes that may stand before it. */
bool gdb_step_is_seen(const uint8_t *code, size_t bytes)
{
	while (bytes && (*code == 0x66 || (*code & 0xf0) == 0x40)) {
		code++;
		bytes--;
	}
	return bytes && *code == 0x9c;
}

uint64_t gdb_step_word(const struct cpu_state *state)
{
	return state->regs.rsp;
}

uint64_t gdb_step_hide(uint64_t word)
{
	return word & ~CPU_RFLAGS_TF;
}
