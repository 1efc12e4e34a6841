/* SPDX-License-Identifier: ISC */
/* Threads that are told to end: see tests/threads.bats. */
#include "threads.h"

#include <sched.h>
#include <semaphore.h>
#include <unistd.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static sem_t started, never;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_t to_join;

static void say(void *what)
{
	printf("cleanup %s\n", (char *)what);
}

static void unlock(void *mutex)
{
	printf("cleanup unlocks: %d\n", pthread_mutex_unlock(mutex));
}

static void unlock_quietly(void *mutex)
{
	pthread_mutex_unlock(mutex);
}

static void nap(void *unused)
{
	(void)unused;
	usleep(1000);
}

static void ready(void)
{
	sem_post(&started);
}

static void *sleeps(void *unused)
{
	pthread_cleanup_push(say, "outer");
	pthread_cleanup_push(say, "inner");
	ready();
	sleep(100);
	puts("not reached");
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return unused;
}

static void *waits_cond(void *unused)
{
	pthread_mutex_lock(&m);
	pthread_cleanup_push(unlock, &m);
	ready();
	for (;;)
		pthread_cond_wait(&c, &m);
	pthread_cleanup_pop(0);
	return unused;
}

static void *waits_cond_timed(void *unused)
{
	struct timespec t = in_ms(CLOCK_REALTIME, 100000);

	pthread_mutex_lock(&m);
	pthread_cleanup_push(unlock, &m);
	ready();
	pthread_cond_timedwait(&c, &m, &t);
	pthread_cleanup_pop(0);
	return unused;
}

static void *waits_sem(void *unused)
{
	ready();
	sem_wait(&never);
	return unused;
}

static void *waits_sem_timed(void *unused)
{
	struct timespec t = in_ms(CLOCK_REALTIME, 100000);

	ready();
	sem_timedwait(&never, &t);
	return unused;
}

static void *waits_join(void *unused)
{
	ready();
	pthread_join(to_join, NULL);
	return unused;
}

static void *tests_often(void *unused)
{
	ready();
	for (;;)
		pthread_testcancel();
	return unused;
}

static void *yields(void *unused)
{
	ready();
	for (;;) {
		sched_yield();
		usleep(0);
	}
	return unused;
}

static void *waits_until(void *unused)
{
	struct timespec t = in_ms(CLOCK_MONOTONIC, 100000);

	ready();
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
	return unused;
}

static void cancelled(const char *what, void *(*function)(void *))
{
	pthread_t t;
	void *result;
	int err;

	t = start(function, NULL);
	sem_wait(&started);
	nap_ms(5);
	err = pthread_cancel(t);
	result = joined(t);
	printf("%s: %d %s\n", what, err,
	       result == PTHREAD_CANCELED ? "cancelled" : "not cancelled");
}

static void points(void)
{
	to_join = start(waits_sem, NULL);
	sem_wait(&started);
	cancelled("sleep", sleeps);
	cancelled("cond_wait", waits_cond);
	DO(pthread_mutex_trylock(&m));
	DO(pthread_mutex_unlock(&m));
	cancelled("cond_timedwait", waits_cond_timed);
	DO(pthread_mutex_trylock(&m));
	DO(pthread_mutex_unlock(&m));
	cancelled("sem_wait", waits_sem);
	cancelled("sem_timedwait", waits_sem_timed);
	cancelled("join", waits_join);
	cancelled("testcancel", tests_often);
	cancelled("yield", yields);
	cancelled("clock_nanosleep", waits_until);
	DO(pthread_cancel(to_join));
	printf("%d\n", joined(to_join) == PTHREAD_CANCELED);
}

static volatile int go_on;

/* Cancelled before it comes to a point. */
static void *comes_later(void *unused)
{
	ready();
	while (!go_on)
		;
	pthread_cleanup_push(say, "late");
	sem_post(&never); /* no point */
	usleep(1);
	puts("not reached");
	pthread_cleanup_pop(0);
	return unused;
}

/* What is no point blocks and goes on. */
static void *locks(void *unused)
{
	ready();
	pthread_mutex_lock(&m);
	puts("locked");
	pthread_mutex_unlock(&m);
	pthread_rwlock_rdlock(&rw);
	pthread_rwlock_unlock(&rw);
	printf("and printed\n");
	pthread_testcancel();
	puts("not reached");
	return unused;
}

static void pending(void)
{
	pthread_t t = start(comes_later, NULL);

	sem_wait(&started);
	DO(pthread_cancel(t));
	DO(pthread_cancel(t));
	go_on = 1;
	printf("%d\n", joined(t) == PTHREAD_CANCELED);
	pthread_mutex_lock(&m);
	t = start(locks, NULL);
	sem_wait(&started);
	nap_ms(5);
	DO(pthread_cancel(t));
	nap_ms(20);
	puts("still there");
	pthread_mutex_unlock(&m);
	printf("%d\n", joined(t) == PTHREAD_CANCELED);
}

static void *disables(void *unused)
{
	int old;

	DO(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old));
	printf("was enabled: %d\n", old == PTHREAD_CANCEL_ENABLE);
	DO(pthread_setcancelstate(77, &old));
	ready();
	nap_ms(300);
	usleep(1);
	pthread_testcancel();
	puts("reached");
	DO(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old));
	puts("reached too");
	usleep(1);
	puts("not reached");
	return unused;
}

static void *ends_in_time(void *unused)
{
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	ready();
	nap_ms(30);
	return unused;
}

static void disabled(void)
{
	pthread_t t = start(disables, NULL);

	sem_wait(&started);
	DO(pthread_cancel(t));
	printf("%d\n", joined(t) == PTHREAD_CANCELED);
	t = start(ends_in_time, NULL);
	sem_wait(&started);
	DO(pthread_cancel(t));
	printf("%d\n", joined(t) == NULL);
	/* One that has ended, and was not joined. */
	t = start(ends_in_time, NULL);
	sem_wait(&started);
	nap_ms(100);
	DO(pthread_cancel(t));
	printf("%d\n", joined(t) == NULL);
}

static volatile unsigned long loops, noted;

/* A handler where a thread is cancelled at any instruction: no more than this.
 */
static void note(void *unused)
{
	(void)unused;
	noted++;
}

static void *computes(void *unused)
{
	int old;

	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
	NEED(old == PTHREAD_CANCEL_DEFERRED);
	pthread_cleanup_push(note, NULL);
	ready();
	for (;;)
		loops++;
	pthread_cleanup_pop(0);
	return unused;
}

static void *sleeps_async(void *unused)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	pthread_cleanup_push(note, NULL);
	ready();
	for (;;)
		sleep(100);
	pthread_cleanup_pop(0);
	return unused;
}

static void *cancels_itself(void *async)
{
	pthread_cleanup_push(say, "self");
	if (async)
		pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	printf("itself %d\n", pthread_cancel(pthread_self()));
	pthread_testcancel();
	puts("not reached");
	pthread_cleanup_pop(0);
	return NULL;
}

static void *becomes_async(void *unused)
{
	ready();
	nap_ms(0);
	while (!go_on)
		;
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	puts("not reached");
	return unused;
}

static void async(void)
{
	pthread_t t;

	cancelled("computing", computes);
	printf("did compute: %d\n", loops > 0);
	cancelled("sleeping", sleeps_async);
	printf("%lu handlers\n", noted);
	printf("%d\n", joined(start(cancels_itself, NULL)) == PTHREAD_CANCELED);
	printf("%d\n",
	       joined(start(cancels_itself, &started)) == PTHREAD_CANCELED);
	t = start(becomes_async, NULL);
	sem_wait(&started);
	nap_ms(20);
	DO(pthread_cancel(t));
	go_on = 1;
	printf("%d\n", joined(t) == PTHREAD_CANCELED);
}

static pthread_key_t key;

static void destroy(void *value)
{
	printf("destructor %s\n", (char *)value);
}

static void *in_cleanup(void *unused)
{
	pthread_setspecific(key, "of a cancelled thread");
	pthread_cleanup_push(say, "1");
	pthread_cleanup_push(say, "2");
	pthread_cleanup_push(say, "3");
	pthread_cleanup_pop(1);
	ready();
	/* Cancellation is off while handlers run: this one sleeps. */
	pthread_cleanup_push(nap, NULL);
	sem_wait(&never);
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return unused;
}

static void *by_exit(void *unused)
{
	pthread_cleanup_push(say, "exit 1");
	pthread_cleanup_push(say, "exit 2");
	pthread_exit(unused);
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return NULL;
}

static void cleanup(void)
{
	DO(pthread_key_create(&key, destroy));
	cancelled("with handlers", in_cleanup);
	joined(start(by_exit, NULL));
}

static int fds[2];

static void *reads(void *unused)
{
	char byte;

	ready();
	read(fds[0], &byte, 1);
	return unused;
}

/* Standard input gives nothing. */
static void *reads_console(void *unused)
{
	char byte;

	ready();
	read(0, &byte, 1);
	return unused;
}

static void reading(void)
{
	cancelled("read of the console", reads_console);
}

static void reading_pipe(void)
{
	NEED(!pipe(fds));
	cancelled("read of a pipe", reads);
}

/* Fifty at once, again and again, wherever they are. */
static void *busy(void *n)
{
	if ((intptr_t)n % 5 == 0)
		pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	for (unsigned i = 0;; i++)
		switch ((intptr_t)n % 5) {
		case 0:
			loops++;
			break;
		case 1:
			usleep(i % 3);
			break;
		case 2:
			pthread_mutex_lock(&m);
			pthread_cleanup_push(unlock_quietly, &m);
			pthread_testcancel();
			sched_yield();
			pthread_cleanup_pop(1);
			break;
		case 3:
			sem_wait(&never);
			break;
		default:
			pthread_testcancel();
		}
	return NULL;
}

static void storm(void)
{
	int wrong = 0;

	for (int round = 0; round < 40; round++) {
		pthread_t t[50];

		for (intptr_t i = 0; i < (intptr_t)COUNT(t); i++)
			t[i] = start(busy, (void *)i);
		if (round % 2)
			usleep(500);
		for (size_t i = 0; i < COUNT(t); i++)
			wrong += pthread_cancel(t[i]) != 0;
		for (size_t i = 0; i < COUNT(t); i++)
			wrong += joined(t[i]) != PTHREAD_CANCELED;
	}
	printf("%d, lock free: %d\n", wrong, pthread_mutex_trylock(&m) == 0);
}

int main(int argc, char **argv)
{
	static const struct thread_case cases[] = {
		{"points", points},
		{"pending", pending},
		{"disabled", disabled},
		{"async", async},
		{"cleanup", cleanup},
		{"reading", reading},
		{"reading_pipe", reading_pipe},
		{"storm", storm},
		{0},
	};

	sem_init(&started, 0, 0);
	sem_init(&never, 0, 0);
	return thread_main(argc, argv, cases);
}
