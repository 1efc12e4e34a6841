/* SPDX-License-Identifier: ISC */
/* Allocates 64 bytes and frees them, N times, with a few held meanwhile. */
#include <stdlib.h>

#include "bench.h"

#define HELD 16

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 1, start;
	void *held[HELD] = {0};

	start = bench_now_ns();
	for (uint64_t i = 0; i < count; i++) {
		void *volatile *at = &held[i % HELD];

		free(*at);
		*at = malloc(64);
	}
	bench_report(count, bench_now_ns() - start, count);
	return 0;
}
