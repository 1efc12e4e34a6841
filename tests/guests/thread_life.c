/* SPDX-License-Identifier: ISC */
/* Threads come and go: see tests/threads.bats. */
#include "threads.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *square(void *n)
{
	return (void *)((uintptr_t)n * (uintptr_t)n);
}

static void *by_exit(void *n)
{
	pthread_exit((char *)n + 1);
}

static void join(void)
{
	pthread_t t[8];
	void *result = NULL;

	for (uintptr_t i = 0; i < COUNT(t); i++)
		t[i] = start(i % 2 ? square : by_exit, (void *)i);
	for (size_t i = 0; i < COUNT(t); i++)
		printf("%zu: %ju\n", i, (uintmax_t)(uintptr_t)joined(t[i]));
	DO(pthread_join(start(square, (void *)9), &result));
	DO(pthread_join(start(square, (void *)9), NULL));
	printf("%ju\n", (uintmax_t)(uintptr_t)result);
}

static void *nap(void *ms)
{
	nap_ms((long)(intptr_t)ms);
	return ms;
}

static void join_variants(void)
{
	struct timespec soon, late;
	pthread_t t = start(nap, (void *)300);
	void *result = NULL;

	DO(pthread_tryjoin_np(t, &result));
	soon = in_ms(CLOCK_REALTIME, 20);
	DO(pthread_timedjoin_np(t, &result, &soon));
	printf("not before: %d\n", is_over(CLOCK_REALTIME, &soon));
	late = in_ms(CLOCK_REALTIME, 10000);
	DO(pthread_timedjoin_np(t, &result, &late));
	printf("%d, in time: %d\n", (int)(intptr_t)result,
	       !is_over(CLOCK_REALTIME, &late));
}

static volatile int ran;

static void *run_once_more(void *unused)
{
	__atomic_add_fetch(&ran, 1, __ATOMIC_SEQ_CST);
	return unused;
}

static void wait_for(int count)
{
	while (ran < count)
		nap_ms(1);
}

static void detach(void)
{
	pthread_attr_t attr;
	pthread_t t;
	int state;

	pthread_attr_init(&attr);
	DO(pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED));
	DO(pthread_attr_getdetachstate(&attr, &state));
	printf("detached: %d\n", state == PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < 100; i++)
		NEED(!pthread_create(&t, &attr, run_once_more, NULL));
	wait_for(100);
	for (int i = 0; i < 100; i++)
		NEED(!pthread_detach(start(run_once_more, NULL)));
	wait_for(200);
	/* One that has ended already. */
	t = start(run_once_more, NULL);
	wait_for(201);
	nap_ms(20);
	DO(pthread_detach(t));
}

static void *show_stack(void *unused)
{
	char here;
	pthread_attr_t attr;
	void *low;
	size_t bytes, guard;

	DO(pthread_getattr_np(pthread_self(), &attr));
	DO(pthread_attr_getstack(&attr, &low, &bytes));
	DO(pthread_attr_getguardsize(&attr, &guard));
	printf("on it: %d\n",
	       &here >= (char *)low && &here < (char *)low + bytes);
	printf("at least 64 KiB: %d\n", bytes >= 65536);
	return unused;
}

/* Uses so much stack, all of it. */
static unsigned deep(unsigned pages)
{
	volatile unsigned char page[4096];

	memset((unsigned char *)page, (int)pages, sizeof(page));
	if (pages)
		return deep(pages - 1) + page[pages];
	return page[0];
}

static void *use_stack(void *pages)
{
	return (void *)(uintptr_t)deep((unsigned)(uintptr_t)pages);
}

static void stacks(void)
{
	static _Alignas(4096) char own[256 << 10];
	pthread_attr_t attr;
	pthread_t t;

	joined(start(show_stack, NULL));
	pthread_attr_init(&attr);
	DO(pthread_attr_setstacksize(&attr, 100));
	DO(pthread_attr_setguardsize(&attr, 16 << 10));
	for (size_t bytes = 64 << 10; bytes <= 16 << 20; bytes *= 4) {
		NEED(!pthread_attr_setstacksize(&attr, bytes));
		NEED(!pthread_create(&t, &attr, use_stack,
				     (void *)(bytes / 4300 - 4)));
		printf("%zu: %ju\n", bytes, (uintmax_t)(uintptr_t)joined(t));
	}
	pthread_attr_init(&attr);
	DO(pthread_attr_setstack(&attr, own, sizeof(own)));
	NEED(!pthread_create(&t, &attr, show_stack, NULL));
	joined(t);
	NEED(!pthread_create(&t, &attr, use_stack, (void *)50));
	printf("own: %ju\n", (uintmax_t)(uintptr_t)joined(t));
	printf("written to: %d\n", !!memchr(own, 50, sizeof(own)));
	pthread_attr_init(&attr);
	DO(pthread_attr_setguardsize(&attr, 0));
	NEED(!pthread_create(&t, &attr, use_stack, (void *)20));
	printf("no guard: %ju\n", (uintmax_t)(uintptr_t)joined(t));
}

static void *after_main(void *main_thread)
{
	void *result;

	DO(pthread_join(*(pthread_t *)main_thread, &result));
	printf("main's result: %s\n", (char *)result);
	puts("done");
	exit(7);
}

/* Ends with status 7. */
static void exit_main(void)
{
	static pthread_t self;

	self = pthread_self();
	start(after_main, &self);
	pthread_exit("bye");
}

static void *last_one(void *unused)
{
	nap_ms(20);
	puts("the last one");
	return unused;
}

static void at_exit(void)
{
	puts("atexit");
	puts("done");
}

/* Ends with status 0, and in order, with the last thread. */
static void exit_last(void)
{
	atexit(at_exit);
	start(last_one, NULL);
	pthread_exit(NULL);
}

static void *end_all(void *unused)
{
	(void)unused;
	puts("done");
	exit(9);
}

/* Ends with status 9, though others run and block. */
static void exit_all(void)
{
	for (int i = 0; i < 5; i++)
		start(nap, (void *)100000);
	start(end_all, NULL);
	nap_ms(100000);
}

static void *identity(void *main_tid)
{
	pid_t tid = (pid_t)syscall(SYS_gettid);

	printf("another one: %d\n", tid != (pid_t)(intptr_t)main_tid);
	printf("same process: %d\n", getpid() == (pid_t)(intptr_t)main_tid);
	return (void *)pthread_self();
}

static void identities(void)
{
	pid_t tid = (pid_t)syscall(SYS_gettid);
	pthread_t t;
	int policy;
	struct sched_param param;
	cpu_set_t set;

	printf("main is the process: %d\n", tid == getpid());
	t = start(identity, (void *)(intptr_t)tid);
	printf("self: %d\n", pthread_equal((pthread_t)joined(t), t) != 0);
	printf("equal: %d\n", pthread_equal(pthread_self(), t) != 0);
	DO(pthread_getschedparam(pthread_self(), &policy, &param));
	printf("policy %d priority %d\n", policy, param.sched_priority);
	DO(pthread_setschedparam(pthread_self(), SCHED_OTHER, &param));
	DO(pthread_setschedparam(pthread_self(), 77, &param));
	DO(pthread_getaffinity_np(pthread_self(), sizeof(set), &set));
	printf("runs somewhere: %d\n", CPU_COUNT(&set) > 0);
	printf("priorities %d %d %d %d\n", sched_get_priority_min(SCHED_OTHER),
	       sched_get_priority_max(SCHED_OTHER),
	       sched_get_priority_min(SCHED_FIFO),
	       sched_get_priority_max(SCHED_RR));
	DOE(sched_yield());
	printf("concurrency %d\n", pthread_getconcurrency());
}

/* Ends with a fault, below its stack. */
static void *overflow(void *unused)
{
	char here;

	puts("done");
	printf("%d\n", deep((unsigned)(uintptr_t)&here) != 0);
	return unused;
}

static void overflows(void)
{
	joined(start(overflow, NULL));
}

static pthread_barrier_t together;

static void *meet(void *n)
{
	pthread_barrier_wait(&together);
	return square(n);
}

static void many(void)
{
	pthread_t t[64];
	uintptr_t sum = 0;

	pthread_barrier_init(&together, NULL, COUNT(t) + 1);
	for (uintptr_t i = 0; i < COUNT(t); i++)
		t[i] = start(meet, (void *)i);
	pthread_barrier_wait(&together);
	for (size_t i = 0; i < COUNT(t); i++)
		sum += (uintptr_t)joined(t[i]);
	printf("%ju\n", (uintmax_t)sum);
}

int main(int argc, char **argv)
{
	static const struct thread_case cases[] = {
		{"join", join},
		{"join_variants", join_variants},
		{"detach", detach},
		{"stacks", stacks},
		{"exit_main", exit_main},
		{"exit_last", exit_last},
		{"exit_all", exit_all},
		{"identities", identities},
		{"many", many},
		{"overflows", overflows},
		{0},
	};

	return thread_main(argc, argv, cases);
}
