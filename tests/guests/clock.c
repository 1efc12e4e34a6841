/* SPDX-License-Identifier: ISC */
/* Tells the time and sleeps, as argument 1 says. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000ll

static int64_t now(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) || t.tv_nsec < 0 || t.tv_nsec >= NS_PER_S)
		exit(90);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static struct timespec spec(int64_t ns)
{
	return (struct timespec){ns / NS_PER_S, (long)(ns % NS_PER_S)};
}

/* Prints how long the guest thinks it slept. */
static int sleep_for(int64_t ns)
{
	struct timespec t = spec(ns);
	int64_t start = now(CLOCK_MONOTONIC);

	if (nanosleep(&t, NULL))
		return 1;
	printf("%lld\n", (long long)(now(CLOCK_MONOTONIC) - start));
	return 0;
}

static int sleep_forever(int64_t unused)
{
	struct timespec t = {.tv_sec = INT64_MAX};

	(void)unused;
	puts("asleep");
	return nanosleep(&t, NULL) ? 1 : 2;
}

static int sleep_until(int64_t ns)
{
	const clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_REALTIME,
				    CLOCK_BOOTTIME};

	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		int64_t deadline = now(clocks[i]) + ns;
		struct timespec t = spec(deadline);

		if (clock_nanosleep(clocks[i], TIMER_ABSTIME, &t, NULL))
			return 1;
		if (now(clocks[i]) < deadline)
			return 2;
		/* The past is now. */
		if (clock_nanosleep(clocks[i], TIMER_ABSTIME, &t, NULL))
			return 3;
	}
	return 0;
}

static int invalid(int64_t unused)
{
	struct timespec t[] = {{0, NS_PER_S}, {0, -1}, {-1, 0}}, zero = {0};

	(void)unused;
	for (int i = 0; i < 3; i++) {
		errno = 0;
		if (nanosleep(&t[i], NULL) != -1 || errno != EINVAL)
			return 1;
	}
	if (nanosleep(&zero, NULL))
		return 2;
	if (clock_gettime(12345, &zero) != -1 || errno != EINVAL)
		return 3;
	return clock_nanosleep(12345, 0, &zero, NULL) != EINVAL;
}

static int monotonic(int64_t times)
{
	int64_t before = now(CLOCK_MONOTONIC), first = before;

	for (int64_t i = 0; i < times; i++) {
		int64_t after = now(CLOCK_MONOTONIC);

		if (after < before)
			return 1;
		before = after;
	}
	return before > first ? 0 : 2;
}

/* Also across calls of the tender, which learn the host's time again. */
static int monotonic_across_calls(int64_t times)
{
	int64_t before = now(CLOCK_MONOTONIC), wall = now(CLOCK_REALTIME);

	for (int64_t i = 0; i < times; i++) {
		struct timespec t = {0, 1000};
		int64_t after, wall_after;

		nanosleep(&t, NULL);
		after = now(CLOCK_MONOTONIC);
		wall_after = now(CLOCK_REALTIME);
		if (after < before + 1000 || wall_after < wall)
			return 1;
		before = after;
		wall = wall_after;
	}
	return 0;
}

static int wall(int64_t unused)
{
	struct timeval tv;
	int64_t ns = now(CLOCK_REALTIME), us, s;

	(void)unused;
	gettimeofday(&tv, NULL);
	us = tv.tv_sec * 1000000ll + tv.tv_usec;
	s = time(NULL);
	if (us < ns / 1000 || s < us / 1000000)
		return 1;
	printf("%lld\n", (long long)ns);
	return 0;
}

/* A monotonic and a wall clock reading for every line of input. */
static int tick(int64_t unused)
{
	char line[80];

	(void)unused;
	puts("ready");
	while (fgets(line, sizeof(line), stdin))
		printf("%lld %lld\n", (long long)now(CLOCK_MONOTONIC),
		       (long long)now(CLOCK_REALTIME));
	return 0;
}

static int spin(int64_t unused)
{
	(void)unused;
	puts("spinning");
	for (;;)
		__asm__ volatile("");
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int64_t);
	} behaviours[] = {
		{"sleep", sleep_for},
		{"sleep-forever", sleep_forever},
		{"sleep-until", sleep_until},
		{"invalid", invalid},
		{"monotonic", monotonic},
		{"monotonic-across-calls", monotonic_across_calls},
		{"wall", wall},
		{"tick", tick},
		{"spin", spin},
	};

	for (size_t i = 0; i < sizeof(behaviours) / sizeof(*behaviours); i++)
		if (argc > 1 && !strcmp(argv[1], behaviours[i].name))
			return behaviours[i].run(argc > 2 ? atoll(argv[2]) : 0);
	return 99;
}
