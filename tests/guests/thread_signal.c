/* SPDX-License-Identifier: ISC */
/* Signals and threads: see tests/threads.bats. */
#include "threads.h"

#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

static sem_t started, never;
static volatile int stop, handled;
static pthread_t handled_by;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void handle(int signal)
{
	(void)signal;
	handled_by = pthread_self();
	handled++;
}

static void catch (int signal, int flags)
{
	struct sigaction a = {.sa_handler = handle, .sa_flags = flags};

	NEED(!sigaction(signal, &a, NULL));
}

static void block(int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	NEED(!pthread_sigmask(SIG_BLOCK, &set, NULL));
}

static void *waits(void *unused)
{
	sem_post(&started);
	DOE(sem_wait(&never));
	return unused;
}

static void *sleeps(void *unused)
{
	struct timespec t = {100, 0}, left = {0};

	sem_post(&started);
	DOE(nanosleep(&t, &left));
	printf("left %d\n", left.tv_sec >= 98 && left.tv_sec <= 100);
	return unused;
}

static void *computes(void *unused)
{
	double x = 1;

	sem_post(&started);
	while (!handled)
		x = x * 1.000001 + 1e-9;
	return x > 1 ? unused : NULL;
}

static void *locks(void *unused)
{
	sem_post(&started);
	DO(pthread_mutex_lock(&m));
	DO(pthread_mutex_unlock(&m));
	return unused;
}

static void hit(const char *what, void *(*function)(void *))
{
	pthread_t t;

	puts(what);
	handled = 0;
	t = start(function, NULL);
	sem_wait(&started);
	nap_ms(100);
	NEED(!pthread_kill(t, SIGUSR1));
	while (!handled)
		nap_ms(1);
	if (function == locks)
		pthread_mutex_unlock(&m);
	joined(t);
	printf("in that thread: %d\n", pthread_equal(handled_by, t) != 0);
}

static void kills(void)
{
	pthread_t t;

	catch (SIGUSR1, 0);
	hit("sem_wait", waits);
	hit("nanosleep", sleeps);
	hit("computing", computes);
	pthread_mutex_lock(&m);
	hit("mutex_lock", locks);
	DO(pthread_kill(pthread_self(), SIGUSR1));
	printf("in main: %d\n", pthread_equal(handled_by, pthread_self()) != 0);
	DO(pthread_kill(pthread_self(), 0));
	DO(pthread_kill(pthread_self(), 1000));
	t = start(computes, NULL);
	nap_ms(20);
	joined(t);
}

static void *spins_blocked(void *unused)
{
	block(SIGUSR2);
	sem_post(&started);
	while (!stop)
		;
	printf("still blocked: %d\n", handled == 0);
	return unused;
}

static void *takes_process(void *unused)
{
	sem_post(&started);
	while (!handled)
		sched_yield();
	printf("it was me: %d\n",
	       pthread_equal(handled_by, pthread_self()) != 0);
	return unused;
}

/* What is sent to the process goes to whoever does not block it. */
static void process(void)
{
	pthread_t a, b;

	catch (SIGUSR2, 0);
	a = start(takes_process, NULL);
	sem_wait(&started);
	block(SIGUSR2);
	DOE(kill(getpid(), SIGUSR2));
	joined(a);
	handled = 0;
	b = start(spins_blocked, NULL);
	sem_wait(&started);
	DO(pthread_kill(b, SIGUSR2));
	nap_ms(20);
	stop = 1;
	joined(b);
	printf("never handled: %d\n", handled == 0);
}

static void *sigwaits(void *unused)
{
	sigset_t set;
	int signal = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	for (int i = 0; i < 4; i++) {
		sem_post(&started);
		DO(sigwait(&set, &signal));
		printf("signal %d\n", signal == SIGUSR1 ? 1 : 2);
	}
	return unused;
}

static void waiting(void)
{
	pthread_t t;

	block(SIGUSR1);
	block(SIGUSR2);
	t = start(sigwaits, NULL);
	for (int i = 0; i < 4; i++) {
		sem_wait(&started);
		if (i % 2)
			nap_ms(10);
		if (i < 2)
			NEED(!kill(getpid(), i % 2 ? SIGUSR1 : SIGUSR2));
		else
			NEED(!pthread_kill(t, i % 2 ? SIGUSR1 : SIGUSR2));
	}
	joined(t);
}

static sem_t posted;

static void post(int signal)
{
	(void)signal;
	sem_post(&posted);
}

/* Without another thread: only the handler can wake it. */
static void alone(void)
{
	struct itimerval once = {{0, 0}, {0, 50000}};
	struct sigaction a = {.sa_handler = post};

	NEED(!sigaction(SIGALRM, &a, NULL));
	DOE(setitimer(ITIMER_REAL, &once, NULL));
	DOE(sem_wait(&posted));
	DOE(sem_wait(&posted));
	a.sa_flags = SA_RESTART;
	NEED(!sigaction(SIGALRM, &a, NULL));
	DOE(setitimer(ITIMER_REAL, &once, NULL));
	DOE(sem_wait(&posted));
}

/* A timer's signals interrupt threads that compute, and wake by sem_post. */
static void timer(void)
{
	struct itimerval often = {{0, 3000}, {0, 3000}}, off = {0};
	struct sigaction a = {.sa_handler = post, .sa_flags = SA_RESTART};
	pthread_t t[3];

	NEED(!sigaction(SIGALRM, &a, NULL));
	for (size_t i = 0; i < COUNT(t); i++)
		t[i] = start(spins_blocked, NULL);
	DOE(setitimer(ITIMER_REAL, &often, NULL));
	for (int i = 0; i < 20; i++)
		while (sem_wait(&posted))
			NEED(errno == EINTR);
	DOE(setitimer(ITIMER_REAL, &off, NULL));
	stop = 1;
	for (size_t i = 0; i < COUNT(t); i++)
		joined(t[i]);
}

static _Thread_local sigjmp_buf back;

static void jump(int signal)
{
	(void)signal;
	siglongjmp(back, 1);
}

static volatile int *volatile nowhere = (volatile int *)16;

/* Out of a handler, out of a fault, in many threads. */
static void *faults(void *unused)
{
	for (int i = 0; i < 20; i++) {
		if (!sigsetjmp(back, 1)) {
			*nowhere = 1;
			puts("not reached");
		}
		sched_yield();
		if (!sigsetjmp(back, 1)) {
			pthread_kill(pthread_self(), SIGUSR1);
			puts("not reached");
		}
	}
	return unused;
}

static void jumps(void)
{
	struct sigaction a = {.sa_handler = jump};
	pthread_t t[8];

	NEED(!sigaction(SIGSEGV, &a, NULL) && !sigaction(SIGUSR1, &a, NULL));
	for (size_t i = 0; i < COUNT(t); i++)
		t[i] = start(faults, NULL);
	for (size_t i = 0; i < COUNT(t); i++)
		joined(t[i]);
}

static void *kill_often(void *target)
{
	for (int i = 0; i < 3000; i++) {
		NEED(!pthread_kill(*(pthread_t *)target, SIGUSR1));
		if (i % 8 == 0)
			sched_yield();
	}
	return NULL;
}

static void *bears_it(void *unused)
{
	uint64_t n = 1;

	sem_post(&started);
	while (!stop) {
		uint64_t x = n * 0x9e3779b97f4a7c15;

		NEED(x * 0xf1de83e19937733d == n);
		if (n++ % 1024 == 0)
			usleep(1);
	}
	return unused;
}

static void storm(void)
{
	pthread_t target, t[4];

	catch (SIGUSR1, SA_RESTART);
	target = start(bears_it, NULL);
	sem_wait(&started);
	for (size_t i = 0; i < COUNT(t); i++)
		t[i] = start(kill_often, &target);
	for (size_t i = 0; i < COUNT(t); i++)
		joined(t[i]);
	stop = 1;
	joined(target);
	printf("handled: %d\n", handled > 0);
}

int main(int argc, char **argv)
{
	static const struct thread_case cases[] = {
		{"kills", kills},     {"process", process},
		{"waiting", waiting}, {"alone", alone},
		{"timer", timer},     {"jumps", jumps},
		{"storm", storm},     {0},
	};

	sem_init(&started, 0, 0);
	sem_init(&never, 0, 0);
	sem_init(&posted, 0, 0);
	return thread_main(argc, argv, cases);
}
