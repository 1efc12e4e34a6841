/* SPDX-License-Identifier: ISC */
/* Asks for the time N times. The time of one call. */
#include <stdlib.h>

#include "bench.h"

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	uint64_t start = bench_now_ns(), last = start, backward = 0;

	for (uint64_t i = 0; i < count; i++) {
		uint64_t now = bench_now_ns();

		backward += now < last;
		last = now;
	}
	bench_report(backward, last - start, count ? count : 1);
	return 0;
}
