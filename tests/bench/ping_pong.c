/* SPDX-License-Identifier: ISC */
/* Two threads send one byte there and back N times, through two pipes. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"

static int there[2], back[2];

static void *echo(void *unused)
{
	char c;

	(void)unused;
	while (read(there[0], &c, 1) == 1 && write(back[1], &c, 1) == 1)
		;
	return NULL;
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 1, start;
	uint64_t digest = 0;
	pthread_t thread;
	char c = 0;

	if (pipe(there) || pipe(back) ||
	    pthread_create(&thread, NULL, echo, NULL))
		return 1;
	start = bench_now_ns();
	for (uint64_t i = 0; i < count; i++) {
		c = (char)i;
		if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1)
			return 1;
		digest = bench_mix(digest, (uint64_t)(unsigned char)c);
	}
	bench_report(digest, bench_now_ns() - start, count);
	close(there[1]);
	pthread_join(thread, NULL);
	return 0;
}
