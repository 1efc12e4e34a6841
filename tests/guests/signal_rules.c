/* SPDX-License-Identifier: ISC */
/*
 * Rules of signals that few programs meet: `signal_rules AREA`. Runs in a VM
 * and on Linux, and prints the same in both.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int count;

static void note(int signal)
{
	(void)signal;
	count++;
}

static void say(int signal, siginfo_t *info, void *context)
{
	(void)context;
	printf("signal %d code %d value %d\n", signal, info->si_code,
	       info->si_code == SI_QUEUE ? info->si_value.sival_int : 0);
}

static void told(const char *what, long got)
{
	int err = errno;

	printf("%s: %ld %s\n", what, got, got < 0 ? strerror(err) : "");
}

/* SIGALRM in 15 ms. (What libc makes anew begins from the start.) */
static void alarm_soon(int flags)
{
	struct sigaction a = {.sa_handler = note, .sa_flags = flags};
	struct itimerval t = {{0, 0}, {0, 15000}};

	sigaction(SIGALRM, &a, NULL);
	setitimer(ITIMER_REAL, &t, NULL);
}

static void alarm_off(void)
{
	setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
}

static int fds[2];
static struct timespec sixty_ms = {0, 60000000};

static long wait_poll(void)
{
	return poll(&(struct pollfd){fds[0], POLLIN, 0}, 1, 60);
}

static long wait_select(void)
{
	struct timeval t = {0, 60000};
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fds[0], &set);
	return select(fds[0] + 1, &set, NULL, NULL, &t);
}

static long wait_epoll(void)
{
	int e = epoll_create1(0);
	long got = epoll_wait(e, (struct epoll_event[1]){0}, 1, 60);
	int err = errno;

	close(e);
	errno = err;
	return got;
}

static long wait_semaphore(void)
{
	struct timespec t;
	sem_t s;

	sem_init(&s, 0, 0);
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec++;
	return sem_timedwait(&s, &t);
}

static long wait_signal(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	return sigtimedwait(&set, NULL, &sixty_ms);
}

static long wait_condition(void)
{
	pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t c = PTHREAD_COND_INITIALIZER;
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += 60000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	pthread_mutex_lock(&m);
	return pthread_cond_timedwait(&c, &m, &t);
}

static long wait_sleep(void)
{
	return nanosleep(&sixty_ms, NULL);
}

static long wait_receive(void)
{
	struct timeval t = {0, 60000};
	char byte;

	setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	return recv(fds[0], &byte, 1, 0);
}

/* Whether each kind of waiting ends with EINTR, with SA_RESTART and without. */
static void area_interrupted(void)
{
	static const struct {
		const char *name;
		long (*wait)(void);
	} waits[] = {
		{"poll", wait_poll},	 {"select", wait_select},
		{"epoll", wait_epoll},	 {"semaphore", wait_semaphore},
		{"signal", wait_signal}, {"condition", wait_condition},
		{"sleep", wait_sleep},	 {"receive", wait_receive},
	};

	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
		for (int restart = 0; restart < 2; restart++) {
			alarm_soon(restart ? SA_RESTART : 0);
			printf("%d ", restart);
			told(waits[i].name, waits[i].wait());
			alarm_off();
		}
}

/* What is pending is delivered, and taken, in the order of the rules. */
static void area_order(void)
{
	struct sigaction a = {.sa_sigaction = say, .sa_flags = SA_SIGINFO};
	sigset_t all, some;
	siginfo_t info;

	sigfillset(&all);
	sigfillset(&a.sa_mask);
	for (int s = 1; s < 65; s++)
		if (s != SIGKILL && s != SIGSTOP && (s < 32 || s > 34))
			sigaction(s, &a, NULL);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (int i = 0; i < 3; i++) {
		sigqueue(getpid(), SIGRTMIN + 2, (union sigval){i});
		sigqueue(getpid(), SIGRTMIN + 1, (union sigval){i});
		sigqueue(getpid(), SIGUSR1, (union sigval){i});
	}
	pthread_kill(pthread_self(), SIGRTMIN + 1);
	pthread_kill(pthread_self(), SIGTERM);
	kill(getpid(), SIGHUP);
	kill(getpid(), SIGSEGV);
	sigemptyset(&some);
	sigaddset(&some, SIGRTMIN + 1);
	sigaddset(&some, SIGRTMIN + 2);
	for (int i = 0; i < 3; i++) {
		told("waited", sigwaitinfo(&some, &info));
		printf("code %d value %d\n", info.si_code,
		       info.si_code == SI_QUEUE ? info.si_value.sival_int : 0);
	}
	sigprocmask(SIG_UNBLOCK, &all, NULL);
	puts("unblocked");
	told("bad", sigqueue(getpid(), 65, (union sigval){0}));
	told("nothing", sigqueue(getpid(), 0, (union sigval){0}));
	told("nobody", sigqueue(99999999, SIGUSR1, (union sigval){0}));
}

static sigjmp_buf back;

static void jump_out(int signal)
{
	(void)signal;
	count++;
	siglongjmp(back, count);
}

/* Out of handlers, nested and from system calls, a thousand times. */
static void area_jumps(void)
{
	struct sigaction a = {.sa_handler = jump_out};
	sigset_t now;

	sigaction(SIGUSR1, &a, NULL);
	sigaction(SIGALRM, &a, NULL);
	sigsetjmp(back, 1);
	if (count < 1000)
		raise(SIGUSR1);
	for (volatile int i = 0; i < 3; i++) {
		if (!sigsetjmp(back, 1)) {
			ualarm(10000, 0);
			pause();
		}
		if (!sigsetjmp(back, 0)) {
			ualarm(10000, 0);
			for (;;)
				;
		}
		sigprocmask(SIG_BLOCK, NULL, &now);
		printf("%d blocked %d\n", count, sigismember(&now, SIGALRM));
		sigemptyset(&now);
		sigprocmask(SIG_SETMASK, &now, NULL);
	}
}

static void *timer_run(void *seen)
{
	count += *(int *)seen;
	return NULL;
}

static void notify(union sigval value)
{
	timer_run(value.sival_ptr);
}

/* Timers that make threads, send to one, say nothing, and are asked. */
static void area_timers(void)
{
	int one = 1;
	pthread_attr_t attributes;
	struct sigevent e = {.sigev_notify = SIGEV_THREAD,
			     .sigev_notify_function = notify,
			     .sigev_value.sival_ptr = &one,
			     .sigev_notify_attributes = &attributes};
	struct itimerspec t = {.it_value.tv_nsec = 10000000}, was;
	sigset_t set;
	timer_t id;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 65536);
	told("create", timer_create(CLOCK_MONOTONIC, &e, &id));
	told("set", timer_settime(id, 0, &t, NULL));
	while (!count)
		usleep(1000);
	told("get", timer_gettime(id, &was));
	printf("%ld %ld\n", was.it_value.tv_nsec, was.it_interval.tv_nsec);
	told("delete", timer_delete(id));
	e = (struct sigevent){.sigev_notify = SIGEV_NONE};
	told("create", timer_create(CLOCK_REALTIME, &e, &id));
	t.it_value.tv_sec = 50;
	told("set", timer_settime(id, 0, &t, &was));
	told("get", timer_gettime(id, &was));
	printf("%d\n", was.it_value.tv_sec == 50 || was.it_value.tv_sec == 49);
	told("overrun", timer_getoverrun(id));
	told("delete", timer_delete(id));
	told("twice", timer_delete(id));
	told("create", timer_create(CLOCK_MONOTONIC, NULL, &id));
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	t = (struct itimerspec){{0, 5000000}, {0, 5000000}};
	told("set", timer_settime(id, 0, &t, NULL));
	usleep(60000);
	told("wait", sigwaitinfo(&set, NULL));
	told("overrun", timer_getoverrun(id) >= 8);
	t.it_value.tv_nsec = 1000000000;
	told("bad", timer_settime(id, 0, &t, NULL));
	e = (struct sigevent){.sigev_notify = SIGEV_SIGNAL, .sigev_signo = 99};
	told("bad", timer_create(CLOCK_MONOTONIC, &e, &id));
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} areas[] = {
		{"interrupted", area_interrupted},
		{"order", area_order},
		{"jumps", area_jumps},
		{"timers", area_timers},
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++)
		if (argc > 1 && !strcmp(argv[1], areas[i].name))
			areas[i].run();
	return 0;
}
