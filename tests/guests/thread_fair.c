/* SPDX-License-Identifier: ISC */
/* Threads that never call anybody: see tests/threads.bats. */
#include "threads.h"

#include <sched.h>
#include <semaphore.h>
#include <unistd.h>

static volatile int stop;
static volatile unsigned long loops[8];
static sem_t sem;

static void *spin(void *n)
{
	while (!stop)
		loops[(intptr_t)n]++;
	return NULL;
}

/* Nobody gets less than a quarter of what another one gets. */
static void spinners(void)
{
	pthread_t t[4];
	unsigned long least = -1UL, most = 0;

	for (intptr_t i = 0; i < (intptr_t)COUNT(t); i++)
		t[i] = start(spin, (void *)i);
	nap_ms(1000);
	stop = 1;
	for (size_t i = 0; i < COUNT(t); i++) {
		joined(t[i]);
		if (loops[i] < least)
			least = loops[i];
		if (loops[i] > most)
			most = loops[i];
	}
	printf("all did something: %d\n", least > 0);
	printf("much the same: %d\n", least > most / 4);
}

/* A sleeper wakes though another thread computes. */
static void sleeper(void)
{
	pthread_t t = start(spin, (void *)0);
	struct timespec late = in_ms(CLOCK_MONOTONIC, 5000);

	for (int i = 0; i < 10; i++)
		nap_ms(5);
	printf("in time: %d\n", !is_over(CLOCK_MONOTONIC, &late));
	stop = 1;
	joined(t);
}

static void *post(void *unused)
{
	nap_ms(20);
	sem_post(&sem);
	return unused;
}

/* Main spins on a value that others set. */
static void main_spins(void)
{
	pthread_t t;
	int value = 0;

	sem_init(&sem, 0, 0);
	t = start(post, NULL);
	while (!value)
		sem_getvalue(&sem, &value);
	joined(t);
	printf("%d\n", value);
}

/* A new thread runs though its creator spins. */
static void new_thread(void)
{
	pthread_t t = start(spin, (void *)0);

	while (loops[0] < 1000)
		;
	stop = 1;
	joined(t);
}

static void *read_input(void *unused)
{
	char byte = 0;

	if (read(0, &byte, 1) == 1)
		printf("read %c\n", byte);
	stop = 1;
	return unused;
}

/* Input arrives though another thread computes. */
static void input(void)
{
	pthread_t t = start(read_input, NULL);

	while (!stop)
		loops[0]++;
	joined(t);
}

/* For those who look from outside: alone, and busy. */
static void alone(void)
{
	struct timespec end;

	joined(start(post, NULL));
	end = in_ms(CLOCK_MONOTONIC, 3000);
	puts("now");
	while (!is_over(CLOCK_MONOTONIC, &end))
		loops[0]++;
}

/* Likewise: two threads that wait for nothing that comes. */
static void *wait_for_ever(void *unused)
{
	sem_wait(&sem);
	return unused;
}

static void idle(void)
{
	start(wait_for_ever, NULL);
	start(wait_for_ever, NULL);
	nap_ms(50);
	puts("now");
	nap_ms(3000);
}

int main(int argc, char **argv)
{
	static const struct thread_case cases[] = {
		{"spinners", spinners},
		{"sleeper", sleeper},
		{"main_spins", main_spins},
		{"new_thread", new_thread},
		{"input", input},
		{"alone", alone},
		{"idle", idle},
		{0},
	};

	return thread_main(argc, argv, cases);
}
