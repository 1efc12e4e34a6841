/* SPDX-License-Identifier: ISC */
/* How threads wait for each other: see tests/threads.bats. */
#include "threads.h"

#include <sched.h>
#include <semaphore.h>
#include <threads.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int turn, waiting, woken;

static void *take_turns(void *n)
{
	int me = (int)(intptr_t)n;

	for (int i = 0; i < 200; i++) {
		pthread_mutex_lock(&m);
		while (turn != me)
			pthread_cond_wait(&c, &m);
		turn = (turn + 1) % 4;
		pthread_cond_broadcast(&c);
		pthread_mutex_unlock(&m);
	}
	return NULL;
}

static void *wait_once(void *unused)
{
	pthread_mutex_lock(&m);
	waiting++;
	pthread_cond_wait(&c, &m);
	woken++;
	pthread_mutex_unlock(&m);
	return unused;
}

static void until(const int *what, int value)
{
	for (;;) {
		int now;

		pthread_mutex_lock(&m);
		now = *what;
		pthread_mutex_unlock(&m);
		if (now == value)
			return;
		nap_ms(1);
	}
}

static void cond(void)
{
	pthread_t t[10];

	for (intptr_t i = 0; i < 4; i++)
		t[i] = start(take_turns, (void *)i);
	for (int i = 0; i < 4; i++)
		joined(t[i]);
	printf("turn %d\n", turn);
	for (size_t i = 0; i < COUNT(t); i++)
		t[i] = start(wait_once, NULL);
	until(&waiting, COUNT(t));
	for (int i = 1; i <= 3; i++) {
		DO(pthread_cond_signal(&c));
		until(&woken, i);
		nap_ms(5);
		printf("woken %d\n", woken);
	}
	DO(pthread_cond_broadcast(&c));
	for (size_t i = 0; i < COUNT(t); i++)
		joined(t[i]);
	printf("woken %d\n", woken);
	DO(pthread_cond_signal(&c));
	DO(pthread_cond_destroy(&c));
}

static void *signal_soon(void *cond)
{
	nap_ms(30);
	pthread_mutex_lock(&m);
	turn = 99;
	pthread_cond_signal(cond);
	pthread_mutex_unlock(&m);
	return NULL;
}

static void cond_timed(void)
{
	const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC};
	pthread_condattr_t attr;

	for (size_t i = 0; i < COUNT(clocks); i++) {
		pthread_cond_t d;
		struct timespec t;
		pthread_t other;
		int err = 0;

		pthread_condattr_init(&attr);
		DO(pthread_condattr_setclock(&attr, clocks[i]));
		DO(pthread_condattr_setpshared(&attr, (int)i));
		NEED(!pthread_cond_init(&d, &attr));
		pthread_mutex_lock(&m);
		t = in_ms(clocks[i], 30);
		DO(pthread_cond_timedwait(&d, &m, &t));
		printf("not before: %d\n", is_over(clocks[i], &t));
		t = (struct timespec){1, 0};
		DO(pthread_cond_timedwait(&d, &m, &t));
		t.tv_nsec = -1;
		DO(pthread_cond_timedwait(&d, &m, &t));
		turn = 0;
		other = start(signal_soon, &d);
		t = in_ms(clocks[i], 20000);
		while (turn != 99 && !err)
			err = pthread_cond_timedwait(&d, &m, &t);
		printf("%d, in time: %d\n", err, !is_over(clocks[i], &t));
		pthread_mutex_unlock(&m);
		joined(other);
		DO(pthread_cond_destroy(&d));
	}
	DO(pthread_condattr_setclock(&attr, CLOCK_PROCESS_CPUTIME_ID));
}

static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;

static void *try_both(void *unused)
{
	struct timespec t;

	if (!DO(pthread_rwlock_tryrdlock(&rw)))
		pthread_rwlock_unlock(&rw);
	if (!DO(pthread_rwlock_trywrlock(&rw)))
		pthread_rwlock_unlock(&rw);
	t = in_ms(CLOCK_REALTIME, 20);
	if (!DO(pthread_rwlock_timedrdlock(&rw, &t)))
		pthread_rwlock_unlock(&rw);
	t = in_ms(CLOCK_REALTIME, 20);
	if (!DO(pthread_rwlock_timedwrlock(&rw, &t)))
		pthread_rwlock_unlock(&rw);
	return unused;
}

static long shared_a, shared_b;

static void *read_often(void *unused)
{
	for (int i = 0; i < 3000; i++) {
		NEED(!pthread_rwlock_rdlock(&rw));
		NEED(shared_a == shared_b);
		NEED(!pthread_rwlock_unlock(&rw));
	}
	return unused;
}

static void *write_often(void *unused)
{
	for (int i = 0; i < 3000; i++) {
		NEED(!pthread_rwlock_wrlock(&rw));
		shared_a++;
		if (i % 16 == 0)
			sched_yield();
		shared_b++;
		NEED(!pthread_rwlock_unlock(&rw));
	}
	return unused;
}

static void rwlock(void)
{
	pthread_t t[8];

	joined(start(try_both, NULL));
	DO(pthread_rwlock_rdlock(&rw));
	DO(pthread_rwlock_rdlock(&rw));
	joined(start(try_both, NULL));
	DO(pthread_rwlock_unlock(&rw));
	DO(pthread_rwlock_unlock(&rw));
	DO(pthread_rwlock_wrlock(&rw));
	joined(start(try_both, NULL));
	DO(pthread_rwlock_unlock(&rw));
	for (size_t i = 0; i < COUNT(t); i++)
		t[i] = start(i % 2 ? read_often : write_often, NULL);
	for (size_t i = 0; i < COUNT(t); i++)
		joined(t[i]);
	printf("%ld %ld\n", shared_a, shared_b);
	DO(pthread_rwlock_destroy(&rw));
}

static pthread_barrier_t barrier_of_5;
static int arrived[5], serial;

static void *meet(void *n)
{
	for (int round = 1; round <= 100; round++) {
		int err;

		arrived[(intptr_t)n] = round;
		err = pthread_barrier_wait(&barrier_of_5);
		if (err == PTHREAD_BARRIER_SERIAL_THREAD)
			serial++;
		else
			NEED(!err);
		for (int i = 0; i < 5; i++)
			NEED(arrived[i] >= round);
		err = pthread_barrier_wait(&barrier_of_5);
		NEED(!err || err == PTHREAD_BARRIER_SERIAL_THREAD);
	}
	return NULL;
}

static void barrier(void)
{
	pthread_t t[5];

	DO(pthread_barrier_init(&barrier_of_5, NULL, 0));
	DO(pthread_barrier_init(&barrier_of_5, NULL, 5));
	for (intptr_t i = 0; i < 5; i++)
		t[i] = start(meet, (void *)i);
	for (int i = 0; i < 5; i++)
		joined(t[i]);
	printf("serial %d\n", serial);
	DO(pthread_barrier_destroy(&barrier_of_5));
}

static sem_t s, back;

static void *answer(void *unused)
{
	for (int i = 0; i < 500; i++) {
		NEED(!sem_wait(&s));
		NEED(!sem_post(&back));
	}
	return unused;
}

static void semaphore(void)
{
	struct timespec t;
	pthread_t other;
	int value;

	DOE(sem_init(&s, 0, 2));
	DOE(sem_wait(&s));
	DOE(sem_trywait(&s));
	DOE(sem_trywait(&s));
	t = in_ms(CLOCK_REALTIME, 20);
	DOE(sem_timedwait(&s, &t));
	printf("not before: %d\n", is_over(CLOCK_REALTIME, &t));
	DOE(sem_post(&s));
	DOE(sem_getvalue(&s, &value));
	printf("value %d\n", value);
	t = (struct timespec){0};
	DOE(sem_timedwait(&s, &t));
	DOE(sem_timedwait(&s, &t));
	DOE(sem_init(&back, 1, 0));
	other = start(answer, NULL);
	for (int i = 0; i < 500; i++) {
		NEED(!sem_post(&s));
		NEED(!sem_wait(&back));
	}
	joined(other);
	DOE(sem_destroy(&s));
	DOE(sem_init(&s, 0, 0x80000000U));
	DOE(sem_init(&s, 0, 0x7fffffffU));
	DOE(sem_post(&s));
}

static pthread_once_t once_only = PTHREAD_ONCE_INIT;
static int inits;

static void init(void)
{
	nap_ms(20);
	inits++;
}

static void *come_once(void *unused)
{
	NEED(!pthread_once(&once_only, init));
	NEED(inits == 1);
	return unused;
}

static void once(void)
{
	pthread_t t[6];

	for (size_t i = 0; i < COUNT(t); i++)
		t[i] = start(come_once, NULL);
	for (size_t i = 0; i < COUNT(t); i++)
		joined(t[i]);
	printf("%d\n", inits);
}

static pthread_spinlock_t spin;
static long spun;

static void *spin_some(void *unused)
{
	for (int i = 0; i < 100000; i++) {
		pthread_spin_lock(&spin);
		spun++;
		pthread_spin_unlock(&spin);
	}
	return unused;
}

/* Its owner may be interrupted, while the others spin. */
static void spinlock(void)
{
	pthread_t t[4];

	DO(pthread_spin_init(&spin, 0));
	DO(pthread_spin_trylock(&spin));
	DO(pthread_spin_trylock(&spin));
	DO(pthread_spin_unlock(&spin));
	for (size_t i = 0; i < COUNT(t); i++)
		t[i] = start(spin_some, NULL);
	for (size_t i = 0; i < COUNT(t); i++)
		joined(t[i]);
	printf("%ld\n", spun);
}

/* Naps of many lengths at once: none is short, and all end. */
static void *nap_often(void *n)
{
	unsigned seed = (unsigned)(intptr_t)n;

	for (int i = 0; i < 20; i++) {
		struct timespec t;

		seed = seed * 1103515245 + 12345;
		t = in_ms(CLOCK_MONOTONIC, seed >> 16 & 15);
		if (i % 3 == 0) {
			sem_t unused;

			t = in_ms(CLOCK_REALTIME, seed >> 16 & 15);
			sem_init(&unused, 0, 0);
			NEED(sem_timedwait(&unused, &t) && errno == ETIMEDOUT);
			NEED(is_over(CLOCK_REALTIME, &t));
			continue;
		}
		NEED(!clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, 0));
		NEED(is_over(CLOCK_MONOTONIC, &t));
	}
	return NULL;
}

static void naps(void)
{
	pthread_t t[64];

	for (intptr_t i = 0; i < (intptr_t)COUNT(t); i++)
		t[i] = start(nap_often, (void *)i);
	for (size_t i = 0; i < COUNT(t); i++)
		joined(t[i]);
}

static mtx_t cm;
static cnd_t cc;
static int ready;

static int c11_thread(void *n)
{
	mtx_lock(&cm);
	ready = 1;
	cnd_signal(&cc);
	mtx_unlock(&cm);
	thrd_yield();
	return *(int *)n + 1;
}

static void c11(void)
{
	thrd_t t;
	int n = 41, result = 0;
	struct timespec when;

	printf("%d\n", mtx_init(&cm, mtx_timed | mtx_recursive));
	printf("%d\n", cnd_init(&cc));
	mtx_lock(&cm);
	printf("%d\n", thrd_create(&t, c11_thread, &n) == thrd_success);
	while (!ready)
		cnd_wait(&cc, &cm);
	when = in_ms(CLOCK_REALTIME, 10);
	printf("%d\n", cnd_timedwait(&cc, &cm, &when) == thrd_timedout);
	mtx_unlock(&cm);
	printf("%d %d\n", thrd_join(t, &result) == thrd_success, result);
	when = (struct timespec){0, 1000000};
	printf("%d\n", thrd_sleep(&when, NULL));
}

int main(int argc, char **argv)
{
	static const struct thread_case cases[] = {
		{"cond", cond},
		{"cond_timed", cond_timed},
		{"rwlock", rwlock},
		{"barrier", barrier},
		{"semaphore", semaphore},
		{"once", once},
		{"spinlock", spinlock},
		{"naps", naps},
		{"c11", c11},
		{0},
	};

	return thread_main(argc, argv, cases);
}
