/* SPDX-License-Identifier: ISC */
/* What a guest has cost so far: hypercalls, time, memory. */
#ifndef STATS_H
#define STATS_H

#include <stddef.h>
#include <stdint.h>

#include "hypercall.h"

struct stats_call {
	uint64_t count;
	uint64_t total_ns;
	uint64_t max_ns;
	uint64_t bytes;
};

/* Written by the tender as it runs; a reader may be another process. */
struct stats {
	uint64_t started_ns; /* of the host's monotonic clock */
	uint64_t exits;
	uint64_t interrupts; /* exits that the guest did not cause */
	uint64_t traps;
	uint64_t guest_ns; /* in the guest, and on the way to it and back */
	uint64_t tender_ns;
	struct stats_call call[BP_PORT_COUNT];
};

/* Nanoseconds of the host's monotonic clock. */
uint64_t stats_now(void);

void stats_add_call(struct stats *s, unsigned number, uint64_t ns,
		    uint64_t bytes);

/* A readable table; JSON, one object in one line. Cut off to fit. */
void stats_table(const struct stats *s, char *text, size_t bytes);
void stats_json(const struct stats *s, char *text, size_t bytes);

#define STATS_TEXT_MAX 8192

#endif
