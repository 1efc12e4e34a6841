/* SPDX-License-Identifier: ISC */
#include "counter.h"

#include <time.h>
#include <x86intrin.h>

#define READINGS    16
#define BASELINE_NS 100000ULL
#define NS_PER_S    1000000000ULL

/*
 * The time stamp counter moves in steps, of 10 ns on some hosts, and so do
 * readings of it one behind the other. The pauses spread them, so that the
 * mean is finer than a step. Readings that were interrupted do not count.
 */
struct counter_sample counter_sample(void)
{
	struct counter_sample reading[READINGS], sum = {0};
	uint64_t width[READINGS], least = UINT64_MAX, count = 0;

	for (unsigned i = 0; i < READINGS; i++) {
		uint64_t before = __rdtsc();
		struct timespec now;

		clock_gettime(CLOCK_MONOTONIC, &now);
		width[i] = __rdtsc() - before;
		if (width[i] < least)
			least = width[i];
		reading[i].ticks = before + width[i] / 2;
		reading[i].ns =
			(uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
		for (unsigned j = 0; j < i % 7; j++)
			_mm_pause();
	}
	for (unsigned i = 0; i < READINGS; i++) {
		if (width[i] > least + least / 2)
			continue;
		sum.ticks += reading[i].ticks - reading[0].ticks;
		sum.ns += reading[i].ns - reading[0].ns;
		count++;
	}
	return (struct counter_sample){
		.ticks = reading[0].ticks + sum.ticks / count,
		.ns = reading[0].ns + sum.ns / count,
	};
}

uint64_t counter_hz_since(struct counter_sample before)
{
	struct counter_sample now = counter_sample();

	while (now.ns - before.ns < BASELINE_NS)
		now = counter_sample();
	return (uint64_t)((unsigned __int128)(now.ticks - before.ticks) *
			  NS_PER_S / (now.ns - before.ns));
}
