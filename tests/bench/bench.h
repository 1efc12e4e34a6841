/* SPDX-License-Identifier: ISC */
/* What every measured program does: tell the time, and report. */
#ifndef BENCH_H
#define BENCH_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

static inline uint64_t bench_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Mixes one word into a digest (FNV-1a, by words). Starts at 0. */
static inline uint64_t bench_mix(uint64_t digest, uint64_t word)
{
	return (digest ^ 0xcbf29ce484222325 ^ word) * 0x100000001b3;
}

/*
 * The two lines launch.c reads: what was computed, which must be the same
 * wherever the program runs, and the time of one operation.
 */
static inline void bench_report(uint64_t digest, uint64_t ns,
				uint64_t operations)
{
	printf("digest %016" PRIx64 "\nns %.3f\n", digest,
	       (double)ns / (double)operations);
}

#endif
