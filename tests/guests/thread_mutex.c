/* SPDX-License-Identifier: ISC */
/* Mutexes of every kind: see tests/threads.bats. */
#include "threads.h"

#include <sched.h>
#include <semaphore.h>

static pthread_mutex_t m;
static sem_t locked;

static void make(int type, int robust, int protocol, int shared)
{
	pthread_mutexattr_t attr;

	NEED(!pthread_mutexattr_init(&attr));
	NEED(!pthread_mutexattr_settype(&attr, type));
	NEED(!pthread_mutexattr_setrobust(&attr, robust));
	NEED(!pthread_mutexattr_setprotocol(&attr, protocol));
	NEED(!pthread_mutexattr_setpshared(&attr, shared));
	NEED(!pthread_mutex_init(&m, &attr));
}

static void *from_another(void *unused)
{
	struct timespec t = in_ms(CLOCK_REALTIME, 20);

	DO(pthread_mutex_unlock(&m));
	DO(pthread_mutex_trylock(&m));
	DO(pthread_mutex_timedlock(&m, &t));
	printf("not before: %d\n", is_over(CLOCK_REALTIME, &t));
	return unused;
}

static void *another_try(void *unused)
{
	if (!DO(pthread_mutex_trylock(&m)))
		DO(pthread_mutex_unlock(&m));
	return unused;
}

static void normal(void)
{
	struct timespec t;

	make(PTHREAD_MUTEX_NORMAL, 0, 0, 0);
	DO(pthread_mutex_lock(&m));
	DO(pthread_mutex_trylock(&m));
	t = in_ms(CLOCK_REALTIME, 20);
	DO(pthread_mutex_timedlock(&m, &t));
	printf("not before: %d\n", is_over(CLOCK_REALTIME, &t));
	t = (struct timespec){0};
	DO(pthread_mutex_timedlock(&m, &t));
	t.tv_nsec = 1000000000;
	DO(pthread_mutex_timedlock(&m, &t));
	joined(start(another_try, NULL));
	DO(pthread_mutex_unlock(&m));
	joined(start(another_try, NULL));
	DO(pthread_mutex_destroy(&m));
}

static void recursive(void)
{
	make(PTHREAD_MUTEX_RECURSIVE, 0, 0, 0);
	for (int i = 0; i < 3; i++)
		DO(pthread_mutex_lock(&m));
	DO(pthread_mutex_trylock(&m));
	joined(start(from_another, NULL));
	for (int i = 0; i < 4; i++) {
		joined(start(another_try, NULL));
		DO(pthread_mutex_unlock(&m));
	}
	joined(start(another_try, NULL));
	DO(pthread_mutex_unlock(&m));
	DO(pthread_mutex_destroy(&m));
}

static void errorcheck(void)
{
	make(PTHREAD_MUTEX_ERRORCHECK, 0, 0, 0);
	DO(pthread_mutex_unlock(&m));
	DO(pthread_mutex_lock(&m));
	DO(pthread_mutex_lock(&m));
	DO(pthread_mutex_trylock(&m));
	joined(start(from_another, NULL));
	DO(pthread_mutex_unlock(&m));
	DO(pthread_mutex_unlock(&m));
}

static void *lock_and_die(void *unused)
{
	DO(pthread_mutex_lock(&m));
	return unused;
}

static void *wait_and_repair(void *unused)
{
	if (DO(pthread_mutex_lock(&m)) == EOWNERDEAD) {
		DO(pthread_mutex_consistent(&m));
		DO(pthread_mutex_unlock(&m));
	}
	return unused;
}

static void *lock_nap_and_die(void *unused)
{
	DO(pthread_mutex_lock(&m));
	sem_post(&locked);
	nap_ms(50);
	return unused;
}

static void owner_dies(int type, int protocol, int shared)
{
	pthread_t dies, waits;

	make(type, PTHREAD_MUTEX_ROBUST, protocol, shared);
	joined(start(lock_and_die, NULL));
	DO(pthread_mutex_lock(&m));
	DO(pthread_mutex_consistent(&m));
	DO(pthread_mutex_consistent(&m));
	DO(pthread_mutex_unlock(&m));
	/* One waits while the owner dies. */
	dies = start(lock_nap_and_die, NULL);
	sem_wait(&locked);
	waits = start(wait_and_repair, NULL);
	joined(dies);
	joined(waits);
	DO(pthread_mutex_trylock(&m));
	DO(pthread_mutex_unlock(&m));
	/* Nobody repairs it. */
	joined(start(lock_and_die, NULL));
	DO(pthread_mutex_trylock(&m));
	DO(pthread_mutex_unlock(&m));
	DO(pthread_mutex_lock(&m));
	DO(pthread_mutex_trylock(&m));
}

static void robust(void)
{
	for (int shared = 0; shared < 2; shared++) {
		owner_dies(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, shared);
		owner_dies(PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, shared);
		owner_dies(PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, shared);
	}
}

static void *hold(void *ms)
{
	NEED(!pthread_mutex_lock(&m));
	sem_post(&locked);
	nap_ms((long)(intptr_t)ms);
	NEED(!pthread_mutex_unlock(&m));
	return NULL;
}

static void inherit_of(int type)
{
	struct timespec t;
	pthread_t other;

	make(type, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_INHERIT, 0);
	DO(pthread_mutex_lock(&m));
	joined(start(another_try, NULL));
	DO(pthread_mutex_unlock(&m));
	other = start(hold, (void *)300);
	sem_wait(&locked);
	DO(pthread_mutex_trylock(&m));
	t = in_ms(CLOCK_REALTIME, 20);
	DO(pthread_mutex_timedlock(&m, &t));
	printf("not before: %d\n", is_over(CLOCK_REALTIME, &t));
	DO(pthread_mutex_lock(&m));
	DO(pthread_mutex_unlock(&m));
	joined(other);
	DO(pthread_mutex_destroy(&m));
}

static void inherit(void)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	DO(pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT));
	DO(pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_PROTECT));
	inherit_of(PTHREAD_MUTEX_NORMAL);
	inherit_of(PTHREAD_MUTEX_RECURSIVE);
	inherit_of(PTHREAD_MUTEX_ERRORCHECK);
	owner_dies(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, 0);
	owner_dies(PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_INHERIT, 1);
}

static int counter;

static void *count(void *rounds)
{
	for (intptr_t i = 0; i < (intptr_t)rounds; i++) {
		NEED(!pthread_mutex_lock(&m));
		counter++;
		if (i % 64 == 0)
			sched_yield();
		NEED(!pthread_mutex_unlock(&m));
	}
	return NULL;
}

/* Eight threads count with every kind. */
static void contended(void)
{
	for (int protocol = 0; protocol < 2; protocol++) {
		for (int type = 0; type < 3; type++) {
			pthread_t t[8];

			make(type, type == 2, protocol, protocol);
			counter = 0;
			for (size_t i = 0; i < COUNT(t); i++)
				t[i] = start(count, (void *)2000);
			for (size_t i = 0; i < COUNT(t); i++)
				joined(t[i]);
			printf("%d\n", counter);
		}
	}
}

int main(int argc, char **argv)
{
	static const struct thread_case cases[] = {
		{"normal", normal},
		{"recursive", recursive},
		{"errorcheck", errorcheck},
		{"robust", robust},
		{"inherit", inherit},
		{"contended", contended},
		{0},
	};

	sem_init(&locked, 0, 0);
	return thread_main(argc, argv, cases);
}
