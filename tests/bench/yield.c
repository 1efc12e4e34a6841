/* SPDX-License-Identifier: ISC */
/* Two threads yield to each other N times: the time of one switch. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "bench.h"

static volatile int stop;

static void *yield(void *unused)
{
	while (!stop)
		sched_yield();
	return unused;
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 1, start;
	pthread_t other;
	uint64_t ns;

	if (pthread_create(&other, NULL, yield, NULL))
		return 1;
	start = bench_now_ns();
	for (uint64_t i = 0; i < count; i++)
		sched_yield();
	ns = bench_now_ns() - start;
	stop = 1;
	pthread_join(other, NULL);
	/* There and back. */
	bench_report(count, ns, 2 * count);
	return 0;
}
