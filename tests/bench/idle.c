/* SPDX-License-Identifier: ISC */
/* Threads that wait for each other, and sleep N seconds altogether. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;

static void *wait_for_condition(void *unused)
{
	pthread_mutex_lock(&mutex);
	for (;;)
		pthread_cond_wait(&never, &mutex);
	return unused;
}

static void *wait_for_pipe(void *fd)
{
	char byte;

	return read(*(int *)fd, &byte, 1) < 0 ? fd : NULL;
}

int main(int argc, char **argv)
{
	unsigned seconds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1;
	pthread_t one, other;
	int fds[2];

	if (pipe(fds) || pthread_create(&one, NULL, wait_for_condition, NULL) ||
	    pthread_create(&other, NULL, wait_for_pipe, &fds[0]))
		return 1;
	sleep(seconds);
	return 0;
}
