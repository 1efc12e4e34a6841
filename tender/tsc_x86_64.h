/* SPDX-License-Identifier: ISC */
/* How fast the time stamp counter runs, where nobody says. */
#ifndef TSC_X86_64_H
#define TSC_X86_64_H

#include <stdint.h>

/* The counter and the host's monotonic clock, read at one moment. */
struct tsc_sample {
	uint64_t ticks;
	uint64_t ns;
};

struct tsc_sample tsc_sample(void);

/*
 * Ticks per second, from a sample taken some time ago: 30 ppm after 1 ms.
 * Waits a little where that is less than a quarter of a millisecond.
 */
uint64_t tsc_hz_since(struct tsc_sample before);

#endif
