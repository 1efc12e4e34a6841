/* SPDX-License-Identifier: ISC */
#include "tsc_x86_64.h"

#include <time.h>
#include <x86intrin.h>

#define TRIES	    8
#define BASELINE_NS 250000ULL
#define NS_PER_S    1000000000ULL

struct tsc_sample tsc_sample(void)
{
	struct tsc_sample best = {0};
	uint64_t width = UINT64_MAX;

	/* The narrowest bracket around the clock is the least disturbed. */
	for (int i = 0; i < TRIES; i++) {
		struct timespec now;
		uint64_t before = __rdtsc(), after;

		clock_gettime(CLOCK_MONOTONIC, &now);
		after = __rdtsc();
		if (after - before >= width)
			continue;
		width = after - before;
		best.ticks = before + width / 2;
		best.ns =
			(uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
	}
	return best;
}

uint64_t tsc_hz_since(struct tsc_sample before)
{
	struct tsc_sample now = tsc_sample();

	while (now.ns - before.ns < BASELINE_NS)
		now = tsc_sample();
	return (uint64_t)((unsigned __int128)(now.ticks - before.ticks) *
			  NS_PER_S / (now.ns - before.ns));
}
