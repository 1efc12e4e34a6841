/* SPDX-License-Identifier: ISC */
/* Asks for the process's parent N times: the time of one system call. */
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 1, start;
	uint64_t changes = 0;
	pid_t parent = getppid();

	start = bench_now_ns();
	for (uint64_t i = 0; i < count; i++)
		changes += getppid() != parent;
	bench_report(changes, bench_now_ns() - start, count);
	return 0;
}
