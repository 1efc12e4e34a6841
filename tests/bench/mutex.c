/* SPDX-License-Identifier: ISC */
/* Locks and unlocks a mutex that nobody else wants, N times. */
#include <pthread.h>
#include <stdlib.h>

#include "bench.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *nothing(void *unused)
{
	return unused;
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 1, start;
	pthread_t other;

	/* A program with threads: libc's own locks are real, too. */
	if (pthread_create(&other, NULL, nothing, NULL) ||
	    pthread_join(other, NULL))
		return 1;
	start = bench_now_ns();
	for (uint64_t i = 0; i < count; i++) {
		pthread_mutex_lock(&mutex);
		pthread_mutex_unlock(&mutex);
	}
	bench_report(count, bench_now_ns() - start, count);
	return 0;
}
