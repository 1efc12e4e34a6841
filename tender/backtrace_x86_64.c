/* SPDX-License-Identifier: ISC */
#include "backtrace.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "machine.h"
#include "symbol.h"

static bool is_text(const struct machine *m, uint64_t pc)
{
	return guest_mem_range(&m->mem, pc, 1, GUEST_EXEC);
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
unsigned backtrace_addresses(const struct machine *m,
			     const struct vcpu_place *place, uint64_t *pc,
			     unsigned max)
{
	uint64_t frame = place->frame, saved[2];
	unsigned n = 0;

	pc[n++] = place->pc;
	/* After a call to nowhere the return address is still on top. */
	if (n < max && !is_text(m, place->pc) &&
	    read_words(m, place->sp, saved, 1) && is_text(m, saved[0]))
		pc[n++] = saved[0];
	while (n < max && read_words(m, frame, saved, 2)) {
		if (!saved[1])
			break;
		pc[n++] = saved[1];
		if (saved[0] <= frame)
			break;
		frame = saved[0];
	}
	return n;
}

static void printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

/* A return address is that of the next instruction: @called is what to name. */
static void name_frame(struct backtrace_frame *f, const struct machine *m,
		       uint64_t called, const struct symbols *symbols)
{
	const char *file;
	unsigned line;

	strcpy(f->name, "?");
	*f->source = '\0';
	if (!is_text(m, called))
		return;
	symbols_format(symbols, called, f->name, sizeof(f->name));
	file = symbols_line(symbols, called, &line);
	if (file)
		snprintf(f->source, sizeof(f->source), "%.80s:%u", file, line);
	printable(f->source);
}

/*
 * A function that calls nothing need not have a frame, and the walk would skip
 * its caller. Its return address is still on top then, for certain before its
 * first instruction, and else if it is behind a direct call (E8 and 4 bytes) of
 * this very function.
 */
static bool leaf_return(const struct machine *m, const struct vcpu_place *place,
			const struct symbols *symbols, uint64_t *pc)
{
	const uint64_t length = 5;
	const uint8_t *call;
	int32_t distance;
	uint64_t to;

	if (!read_words(m, place->sp, pc, 1) || *pc < length)
		return false;
	if (symbols_function(symbols, place->pc) == place->pc)
		return is_text(m, *pc);
	call = guest_mem_range(&m->mem, *pc - length, length, GUEST_EXEC);
	if (!call || *call != 0xe8)
		return false;
	memcpy(&distance, call + 1, sizeof(distance));
	to = *pc + (uint64_t)(int64_t)distance;
	return to && to == symbols_function(symbols, place->pc);
}

void backtrace_walk(struct backtrace *b, const struct machine *m,
		    const struct vcpu_place *place,
		    const struct symbols *symbols)
{
	uint64_t pc[BACKTRACE_MAX] = {0}, leaf;

	b->count = backtrace_addresses(m, place, pc, BACKTRACE_MAX);
	if (leaf_return(m, place, symbols, &leaf) && b->count < BACKTRACE_MAX &&
	    pc[1] != leaf) {
		memmove(pc + 2, pc + 1, (b->count++ - 1) * sizeof(*pc));
		pc[1] = leaf;
	}
	for (unsigned i = 0; i < b->count; i++) {
		b->frame[i].pc = pc[i];
		name_frame(&b->frame[i], m, pc[i] - (i > 0), symbols);
	}
}
