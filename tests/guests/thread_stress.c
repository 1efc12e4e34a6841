/* SPDX-License-Identifier: ISC */
/*
 * Many threads, many times: see tests/threads.bats. A second argument divides
 * the number of rounds.
 */
#include "threads.h"

#include <sched.h>
#include <semaphore.h>

static long divisor = 1;

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static long counter, turn;

/* A lock that 64 threads hand on, in whatever order. */
static void *take_often(void *rounds)
{
	for (long i = 0; i < (long)(intptr_t)rounds; i++) {
		pthread_mutex_lock(&m);
		counter++;
		pthread_mutex_unlock(&m);
		if (i % 16 == 0)
			sched_yield();
	}
	return NULL;
}

static void locks(void)
{
	long rounds = 1000000 / divisor / 64;
	pthread_t t[64];

	for (size_t i = 0; i < COUNT(t); i++)
		t[i] = start(take_often, (void *)(intptr_t)rounds);
	for (size_t i = 0; i < COUNT(t); i++)
		joined(t[i]);
	printf("%ld\n", counter / rounds);
}

/* Each hand-off is a switch: two semaphores, one to and one fro. */
static sem_t to, fro;

static void *answer(void *rounds)
{
	for (long i = 0; i < (long)(intptr_t)rounds; i++) {
		NEED(!sem_wait(&to));
		counter++;
		NEED(!sem_post(&fro));
	}
	return NULL;
}

static void hand_offs(void)
{
	long rounds = 500000 / divisor;
	pthread_t t;

	sem_init(&to, 0, 0);
	sem_init(&fro, 0, 0);
	t = start(answer, (void *)(intptr_t)rounds);
	for (long i = 0; i < rounds; i++) {
		NEED(!sem_post(&to));
		NEED(!sem_wait(&fro));
		NEED(counter == i + 1);
	}
	joined(t);
	printf("%d\n", counter == rounds);
}

static void *ping(void *n)
{
	long me = (long)(intptr_t)n;

	for (long i = 0; i < 100000 / divisor; i++) {
		pthread_mutex_lock(&m);
		while (turn != me)
			pthread_cond_wait(&c, &m);
		turn = !me;
		pthread_cond_signal(&c);
		pthread_mutex_unlock(&m);
	}
	return NULL;
}

static void ping_pong(void)
{
	pthread_t a = start(ping, (void *)0), b = start(ping, (void *)1);

	joined(a);
	joined(b);
	printf("%ld\n", turn);
}

/* A bounded queue. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t not_empty, not_full;
	unsigned item[16];
	unsigned in, out;
} queue = {PTHREAD_MUTEX_INITIALIZER,
	   PTHREAD_COND_INITIALIZER,
	   PTHREAD_COND_INITIALIZER,
	   {0},
	   0,
	   0};

static void *produce(void *n)
{
	for (unsigned i = 0; i < 20000 / divisor; i++) {
		pthread_mutex_lock(&queue.lock);
		while (queue.in - queue.out == COUNT(queue.item))
			pthread_cond_wait(&queue.not_full, &queue.lock);
		queue.item[queue.in++ % COUNT(queue.item)] =
			i * 4 + (unsigned)(intptr_t)n;
		pthread_cond_signal(&queue.not_empty);
		pthread_mutex_unlock(&queue.lock);
	}
	return NULL;
}

static void *consume(void *rounds)
{
	uint64_t sum = 0;

	for (long i = 0; i < (long)(intptr_t)rounds; i++) {
		pthread_mutex_lock(&queue.lock);
		while (queue.in == queue.out)
			pthread_cond_wait(&queue.not_empty, &queue.lock);
		sum += queue.item[queue.out++ % COUNT(queue.item)];
		pthread_cond_signal(&queue.not_full);
		pthread_mutex_unlock(&queue.lock);
	}
	return (void *)(uintptr_t)sum;
}

static void producers(void)
{
	uint64_t count = (uint64_t)(20000 / divisor) * 4, sum = 0;
	pthread_t p[4], q[4];

	for (intptr_t i = 0; i < 4; i++) {
		p[i] = start(produce, (void *)i);
		q[i] = start(consume, (void *)(intptr_t)(20000 / divisor));
	}
	for (int i = 0; i < 4; i++) {
		joined(p[i]);
		sum += (uintptr_t)joined(q[i]);
	}
	printf("%d\n", sum == count * (count - 1) / 2);
}

static void *nothing(void *unused)
{
	return unused;
}

/* More would not fit into a guest's memory at once, by far. */
static void create_join(void)
{
	for (long i = 0; i < 100000 / divisor; i++)
		joined(start(nothing, NULL));
}

static void *count_up(void *unused)
{
	__atomic_add_fetch(&counter, 1, __ATOMIC_SEQ_CST);
	return unused;
}

static void create_detach(void)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (long i = 0; i < 20000 / divisor; i++) {
		pthread_t t;

		NEED(!pthread_create(&t, &attr, count_up, NULL));
		/* Who has counted may still wait for its turn to end. */
		if (i % 20 == 0)
			while (__atomic_load_n(&counter, __ATOMIC_SEQ_CST) <= i)
				sched_yield();
	}
	while (__atomic_load_n(&counter, __ATOMIC_SEQ_CST) < 20000 / divisor)
		sched_yield();
	puts("all of them");
}

/* Each thread allocates, and another one frees. */
static void *allocate(void *unused)
{
	for (int i = 0; i < 2000 / divisor; i++) {
		size_t bytes = (size_t)(i * 37 % 5000) + 1;
		char *p = malloc(bytes);

		NEED(p);
		memset(p, (char)i, bytes);
		NEED(!pthread_mutex_lock(&m));
		free((void *)counter);
		counter = (long)p;
		NEED(!pthread_mutex_unlock(&m));
	}
	return unused;
}

static void mallocs(void)
{
	pthread_t t[16];

	for (size_t i = 0; i < COUNT(t); i++)
		t[i] = start(allocate, NULL);
	for (size_t i = 0; i < COUNT(t); i++)
		joined(t[i]);
}

static void *print(void *n)
{
	for (int i = 0; i < 50; i++)
		printf("%ld %d of fifty lines\n", (long)(intptr_t)n, i);
	return NULL;
}

/* Lines stay whole; their order is not promised, and sorted by the test. */
static void prints(void)
{
	pthread_t t[20];

	for (intptr_t i = 0; i < (intptr_t)COUNT(t); i++)
		t[i] = start(print, (void *)i);
	for (size_t i = 0; i < COUNT(t); i++)
		joined(t[i]);
}

int main(int argc, char **argv)
{
	static const struct thread_case cases[] = {
		{"locks", locks},
		{"hand_offs", hand_offs},
		{"ping_pong", ping_pong},
		{"producers", producers},
		{"create_join", create_join},
		{"create_detach", create_detach},
		{"mallocs", mallocs},
		{"prints", prints},
		{0},
	};

	if (argc > 2)
		divisor = atol(argv[2]);
	return thread_main(argc, argv, cases);
}
