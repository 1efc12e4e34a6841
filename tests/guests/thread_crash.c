/* SPDX-License-Identifier: ISC */
/* A thread that reads through a null pointer. */
#include <pthread.h>
#include <stddef.h>

static void *fall(void *nowhere)
{
	return *(void *volatile *)nowhere;
}

int main(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, fall, NULL))
		return 1;
	return pthread_join(thread, NULL);
}
