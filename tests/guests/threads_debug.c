/* SPDX-License-Identifier: ISC */
/* Threads for a debugger: one computes, one waits, one crashes if asked to. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
volatile unsigned long rounds;
static int crashing;

__attribute__((noinline)) static void compute(void)
{
	while (rounds < 2000000000UL)
		rounds++;
}

__attribute__((noinline)) static void wait_for_mutex(void)
{
	pthread_mutex_lock(&mutex);
}

static void *computer(void *arg)
{
	prctl(PR_SET_NAME, "computer");
	compute();
	return arg;
}

static void *waiter(void *arg)
{
	prctl(PR_SET_NAME, "waiter");
	wait_for_mutex();
	return arg;
}

__attribute__((noinline)) static void all_there(void)
{
	puts("all there");
	if (crashing)
		*(volatile int *)8 = 1;
}

int main(int argc, char **argv)
{
	pthread_t thread[2];

	crashing = argc > 1 && !strcmp(argv[1], "crash");
	pthread_mutex_lock(&mutex);
	pthread_create(&thread[0], NULL, waiter, NULL);
	pthread_create(&thread[1], NULL, computer, NULL);
	while (!rounds)
		usleep(1000);
	all_there();
	return 0;
}
