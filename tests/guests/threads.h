/* SPDX-License-Identifier: ISC */
/*
 * What the programs thread_*.c share. Each prints what calls do, so that a run
 * in a guest can be held against one on Linux; only what has to be the same is
 * printed. Argument: the name of a case.
 */
#ifndef THREADS_H
#define THREADS_H

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct thread_case {
	const char *name;
	void (*run)(void);
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The name of an error number, where one may come. */
static inline const char *error_name(int error)
{
	static const struct {
		int number;
		const char *name;
	} names[] = {
		{EAGAIN, "EAGAIN"},
		{EBUSY, "EBUSY"},
		{ECANCELED, "ECANCELED"},
		{EDEADLK, "EDEADLK"},
		{EINTR, "EINTR"},
		{EINVAL, "EINVAL"},
		{ENOTSUP, "ENOTSUP"},
		{EOWNERDEAD, "EOWNERDEAD"},
		{EPERM, "EPERM"},
		{ESRCH, "ESRCH"},
		{ETIMEDOUT, "ETIMEDOUT"},
		{ENOSYS, "ENOSYS"},
		{ENOTRECOVERABLE, "ENOTRECOVERABLE"},
		{ENOENT, "ENOENT"},
		{EOVERFLOW, "EOVERFLOW"},
		{ENOMEM, "ENOMEM"},
	};

	for (size_t i = 0; i < COUNT(names); i++)
		if (names[i].number == error)
			return names[i].name;
	return "?";
}

/* For calls that return an error number, and those that set errno. */
static inline int told(const char *what, int error)
{
	if (error)
		printf("%s: %s\n", what, error_name(error));
	else
		printf("%s: 0\n", what);
	return error;
}

#define DO(call)  told(#call, call)
#define DOE(call) told(#call, (call) < 0 ? errno : 0)

/* Something that has to work for the rest to make sense. */
#define NEED(truth)                                                        \
	do {                                                               \
		if (!(truth)) {                                            \
			printf("%s:%d: %s\n", __FILE__, __LINE__, #truth); \
			exit(1);                                           \
		}                                                          \
	} while (0)

static inline pthread_t start(void *(*function)(void *), void *argument)
{
	pthread_t t;

	NEED(!pthread_create(&t, NULL, function, argument));
	return t;
}

static inline void *joined(pthread_t t)
{
	void *result;

	NEED(!pthread_join(t, &result));
	return result;
}

static inline void nap_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&t, &t))
		;
}

/* A moment so far from now, on that clock. */
static inline struct timespec in_ms(clockid_t clock, long ms)
{
	struct timespec t;

	clock_gettime(clock, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

/* Whether that moment has come. */
static inline int is_over(clockid_t clock, const struct timespec *t)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec > t->tv_sec ||
	       (now.tv_sec == t->tv_sec && now.tv_nsec >= t->tv_nsec);
}

static inline int thread_main(int argc, char **argv,
			      const struct thread_case *cases)
{
	for (; cases->name; cases++)
		if (argc > 1 && !strcmp(argv[1], cases->name)) {
			cases->run();
			puts("done");
			return 0;
		}
	puts("no such case");
	return 2;
}

#endif
