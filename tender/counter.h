/* SPDX-License-Identifier: ISC */
/* How fast the counter runs that guests tell time by, where nobody says. */
#ifndef COUNTER_H
#define COUNTER_H

#include <stdint.h>

/* The CPU's counter and the host's monotonic clock, read at one moment. */
struct counter_sample {
	uint64_t ticks;
	uint64_t ns;
};

struct counter_sample counter_sample(void);

/*
 * Ticks per second, from a sample taken some time ago. Where that is less
 * than 0.1 ms, waits until then: for about 5 ppm, at most 30.
 */
uint64_t counter_hz_since(struct counter_sample before);

#endif
