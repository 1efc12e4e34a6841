/* SPDX-License-Identifier: ISC */
/* The guest's stack, frame by frame, with names and source lines. */
#ifndef BACKTRACE_H
#define BACKTRACE_H

#include <stdint.h>

struct machine;
struct symbols;
struct vcpu_place;

#define BACKTRACE_MAX 16

struct backtrace_frame {
	uint64_t pc;
	char name[112];	 /* "main+0x12", or "?" */
	char source[96]; /* "hello.c:12", or "" */
};

struct backtrace {
	unsigned count;
	struct backtrace_frame frame[BACKTRACE_MAX];
};

/* Walks the frame pointers from @place on. @symbols may be NULL. */
void backtrace_walk(struct backtrace *b, const struct machine *m,
		    const struct vcpu_place *place,
		    const struct symbols *symbols);

/*
 * The same without names: fills @pc, innermost first, and says how many. The
 * second one and on are return addresses.
 */
unsigned backtrace_addresses(const struct machine *m,
			     const struct vcpu_place *place, uint64_t *pc,
			     unsigned max);

#endif
