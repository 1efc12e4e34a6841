/* SPDX-License-Identifier: ISC */
/* Asks the tender for the time N times: a round trip, of any hypercall. */
#include <stdlib.h>

#include "bench.h"
#include "hypercall.h"

static int64_t clock_wall(void)
{
	int64_t result = 0;

	__asm__ volatile("outl %%eax, %%dx"
			 : "+a"(result)
			 : "d"(BP_PORT_BASE + BP_CALL_CLOCK_WALL)
			 : "memory");
	return result;
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 1, start;
	uint64_t answers = 0;

	start = bench_now_ns();
	for (uint64_t i = 0; i < count; i++)
		answers += clock_wall() > 0;
	bench_report(answers, bench_now_ns() - start, count);
	return 0;
}
