/* SPDX-License-Identifier: ISC */
/* Two threads wake each other by semaphores, N times to and fro. */
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#include "bench.h"

static sem_t to, fro;
static uint64_t count, answers;

static void *answer(void *unused)
{
	for (uint64_t i = 0; i < count; i++) {
		sem_wait(&to);
		answers++;
		sem_post(&fro);
	}
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t other;
	uint64_t start;

	count = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	sem_init(&to, 0, 0);
	sem_init(&fro, 0, 0);
	if (pthread_create(&other, NULL, answer, NULL))
		return 1;
	start = bench_now_ns();
	for (uint64_t i = 0; i < count; i++) {
		sem_post(&to);
		sem_wait(&fro);
	}
	bench_report(answers, bench_now_ns() - start, 2 * count);
	pthread_join(other, NULL);
	return 0;
}
