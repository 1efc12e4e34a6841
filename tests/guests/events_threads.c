/* SPDX-License-Identifier: ISC */
/* What blocks, and is woken by another thread or a signal. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "events.h"

#define BYTES (1 << 20)

static void sleep_ms(long ms)
{
	struct timespec t = {0, ms * 1000000};

	nanosleep(&t, NULL);
}

static pthread_t start(void *(*run)(void *), void *argument)
{
	pthread_t thread;

	NEED(pthread_create(&thread, NULL, run, argument) == 0);
	return thread;
}

static char pattern(size_t at)
{
	return (char)(at * 13 / 7);
}

/* Writes BYTES in pieces of all lengths, and closes. */
static void *produce(void *argument)
{
	int fd = *(int *)argument;
	unsigned seed = 5;
	size_t at = 0;

	while (at < BYTES) {
		char data[70000];
		size_t n = (size_t)rand_r(&seed) % sizeof(data) + 1;
		ssize_t done;

		n = n < BYTES - at ? n : BYTES - at;
		for (size_t i = 0; i < n; i++)
			data[i] = pattern(at + i);
		done = write(fd, data, n);
		NEED(done == (ssize_t)n);
		at += n;
	}
	close(fd);
	return NULL;
}

static void consume(int fd)
{
	static char data[50000];
	unsigned seed = 3;
	size_t at = 0;
	ssize_t n;

	while ((n = read(fd, data, (size_t)rand_r(&seed) % sizeof(data) + 1)) >
	       0) {
		for (ssize_t i = 0; i < n; i++)
			NEED(data[i] == pattern(at + (size_t)i));
		at += (size_t)n;
	}
	printf("%zu bytes, then %zd\n", at, n);
	close(fd);
}

static void *open_for_writing(void *argument)
{
	int fd;

	sleep_ms(20);
	fd = open(argument, O_WRONLY);
	NEED(fd >= 0);
	return produce(&fd);
}

static void *connect_and_produce(void *argument)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	sleep_ms(20);
	NEED(connect(fd, argument, sizeof(struct sockaddr_un)) == 0);
	return produce(&fd);
}

static void streams(void)
{
	struct sockaddr_un name = {AF_UNIX, "socket"};
	pthread_t t;
	int p[2], l;

	NEED(pipe(p) == 0);
	t = start(produce, &p[1]);
	consume(p[0]);
	pthread_join(t, NULL);
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, p) == 0);
	t = start(produce, &p[1]);
	consume(p[0]);
	pthread_join(t, NULL);
	NEED(mkfifo("fifo", 0600) == 0);
	t = start(open_for_writing, "fifo");
	consume(open("fifo", O_RDONLY));
	pthread_join(t, NULL);
	l = socket(AF_UNIX, SOCK_STREAM, 0);
	NEED(bind(l, (void *)&name, sizeof(name)) == 0 && listen(l, 1) == 0);
	t = start(connect_and_produce, &name);
	consume(accept(l, NULL, NULL));
	pthread_join(t, NULL);
}

struct waker {
	long ms;
	void (*act)(int);
	int fd;
};

static void *wake_later(void *argument)
{
	const struct waker *w = argument;

	sleep_ms(w->ms);
	w->act(w->fd);
	return NULL;
}

static void write_one(int fd)
{
	uint64_t one = 1;

	NEED(write(fd, &one, 8) == 8);
}

static void close_it(int fd)
{
	close(fd);
}

static void shut_it(int fd)
{
	shutdown(fd, SHUT_RDWR);
}

static void drain(int fd)
{
	char data[70000];

	NEED(read(fd, data, sizeof(data)) > 0);
}

static void set_timer(int fd)
{
	struct itimerspec s = {.it_value = {0, 10000000}};

	NEED(timerfd_settime(fd, 0, &s, NULL) == 0);
}

static pthread_t later(struct waker *w, void (*act)(int), int fd)
{
	*w = (struct waker){20, act, fd};
	return start(wake_later, w);
}

static void show_poll(struct pollfd *p, int count)
{
	int n = poll(p, (nfds_t)count, -1);

	printf("%d:", n);
	for (int i = 0; i < count; i++)
		printf(" %s", events_names((unsigned)p[i].revents));
	printf("\n");
}

static void waking(void)
{
	int p[2], s[2], e = eventfd(0, 0), t, ep = epoll_create1(0);
	struct epoll_event event = {.events = EPOLLIN};
	struct pollfd fds[4];
	char data[70000];
	struct waker w;
	pthread_t thread;
	uint64_t value;

	NEED(pipe(p) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	t = timerfd_create(CLOCK_MONOTONIC, 0);
	fds[0] = (struct pollfd){p[0], POLLIN, 0};
	fds[1] = (struct pollfd){s[0], POLLIN, 0};
	fds[2] = (struct pollfd){e, POLLIN, 0};
	fds[3] = (struct pollfd){t, POLLIN, 0};
	for (int i = 0; i < 4; i++) {
		event.data.fd = i;
		NEED(epoll_ctl(ep, EPOLL_CTL_ADD, fds[i].fd, &event) == 0);
	}
	thread = later(&w, write_one, p[1]);
	show_poll(fds, 4);
	pthread_join(thread, NULL);
	TELL(epoll_wait(ep, &event, 1, -1));
	TELL(event.data.fd);
	NEED(read(p[0], data, 8) == 8);
	thread = later(&w, write_one, e);
	TELL(epoll_wait(ep, &event, 1, -1));
	TELL(event.data.fd);
	pthread_join(thread, NULL);
	NEED(read(e, &value, 8) == 8);
	thread = later(&w, set_timer, t);
	TELL(epoll_wait(ep, &event, 1, -1));
	TELL(event.data.fd);
	pthread_join(thread, NULL);
	NEED(read(t, &value, 8) == 8);
	thread = later(&w, write_one, e);
	TELL(read(e, &value, 8));
	pthread_join(thread, NULL);
	thread = later(&w, set_timer, t);
	TELL(read(t, &value, 8));
	pthread_join(thread, NULL);
	thread = later(&w, shut_it, s[1]);
	TELL(read(s[0], data, 1));
	pthread_join(thread, NULL);
	/* Room for what is written. */
	NEED(fcntl(p[1], F_SETFL, O_NONBLOCK) == 0);
	while (write(p[1], data, sizeof(data)) > 0)
		;
	NEED(fcntl(p[1], F_SETFL, 0) == 0);
	fds[0] = (struct pollfd){p[1], POLLOUT, 0};
	thread = later(&w, drain, p[0]);
	show_poll(fds, 1);
	pthread_join(thread, NULL);
	NEED(write(p[1], data, 65536) == 65536);
	thread = later(&w, drain, p[0]);
	TELL(write(p[1], data, 10));
	pthread_join(thread, NULL);
	/* A writer that goes away. */
	drain(p[0]);
	thread = later(&w, close_it, p[1]);
	TELL(read(p[0], data, 10));
	pthread_join(thread, NULL);
}

static volatile int handled;

static void count_signal(int signal)
{
	(void)signal;
	handled++;
}

static void catch (int signal, int flags)
{
	struct sigaction a = {.sa_handler = count_signal, .sa_flags = flags};

	NEED(sigaction(signal, &a, NULL) == 0);
}

/* Again and again, so that one comes while a call waits; 0: no more. */
static void alarm_every(int ms)
{
	struct itimerval t = {{0, ms * 1000}, {0, ms * 1000}};

	NEED(setitimer(ITIMER_REAL, &t, NULL) == 0);
}

#define TELL_WITH_ALARMS(call)     \
	do {                       \
		handled = 0;       \
		alarm_every(20);   \
		TELL(call);        \
		alarm_every(0);    \
		TELL(handled > 0); \
	} while (0)

/* Blocked but while a call waits. */
static void masked(int p, int ep)
{
	struct pollfd fds = {p, POLLIN, 0};
	struct epoll_event event;
	sigset_t none, set;

	sigemptyset(&none);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	NEED(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	catch (SIGUSR1, 0);
	handled = 0;
	raise(SIGUSR1);
	TELL(poll(&fds, 1, 10));
	TELL(handled);
	TELL(ppoll(&fds, 1, NULL, &none));
	TELL(handled);
	raise(SIGUSR1);
	TELL(epoll_pwait(ep, &event, 1, -1, &none));
	raise(SIGUSR1);
	TELL(pselect(0, NULL, NULL, NULL, NULL, &none));
	TELL(handled);
	TELL(ppoll(&fds, 1, &(struct timespec){0, 1000000}, &none));
}

/* Handlers run while calls wait; which of them go on is signal(7)'s. */
static void interrupted(void)
{
	int p[2], s[2], e = eventfd(0, 0), ep = epoll_create1(0);
	struct epoll_event event = {0};
	struct pollfd fds = {.events = POLLIN};
	struct waker w = {100, write_one, 0};
	struct timeval limit = {1000, 0};
	pthread_t thread;
	fd_set reads;
	char data[8];

	NEED(pipe(p) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	fds.fd = p[0];
	for (int restart = 0; restart < 2; restart++) {
		catch (SIGALRM, restart ? SA_RESTART : 0);
		TELL_WITH_ALARMS(poll(&fds, 1, -1));
		TELL_WITH_ALARMS(epoll_wait(ep, &event, 1, -1));
		FD_ZERO(&reads);
		FD_SET(p[0], &reads);
		TELL_WITH_ALARMS(select(20, &reads, NULL, NULL, NULL));
	}
	catch (SIGALRM, 0);
	TELL_WITH_ALARMS(read(p[0], data, 8));
	TELL_WITH_ALARMS(read(s[0], data, 8));
	TELL_WITH_ALARMS(read(e, data, 8));
	catch (SIGALRM, SA_RESTART);
	w.fd = p[1];
	thread = start(wake_later, &w);
	TELL_WITH_ALARMS(read(p[0], data, 8));
	pthread_join(thread, NULL);
	w.fd = s[1];
	thread = start(wake_later, &w);
	TELL_WITH_ALARMS(read(s[0], data, 8));
	pthread_join(thread, NULL);
	/* With a time limit nothing is begun anew. */
	NEED(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ==
	     0);
	TELL_WITH_ALARMS(read(s[0], data, 8));
	masked(p[0], ep);
}

static void send_signal(int signal)
{
	kill(getpid(), signal);
}

static void signals(void)
{
	struct signalfd_siginfo info[3];
	struct waker w;
	struct pollfd p = {.events = POLLIN};
	pthread_t thread;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	NEED(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	TELL(signalfd(0, &set, 0));
	TELL(signalfd(900, &set, 0));
	TELL(signalfd(-1, &set, 12345));
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	NEED(fd >= 0);
	p.fd = fd;
	TELL(fcntl(fd, F_GETFD));
	TELL(read(fd, info, sizeof(info)));
	TELL(read(fd, info, 100));
	TELL(poll(&p, 1, 0));
	raise(SIGUSR2);
	raise(SIGUSR1);
	TELL(poll(&p, 1, -1));
	printf("%s\n", events_names((unsigned)p.revents));
	TELL(read(fd, info, sizeof(info)));
	printf("%u %d, %u %d\n", info[0].ssi_signo,
	       info[0].ssi_pid == (unsigned)getpid(), info[1].ssi_signo,
	       info[1].ssi_code == SI_TKILL);
	TELL(poll(&p, 1, 0));
	sigdelset(&set, SIGUSR1);
	TELL(signalfd(fd, &set, 0) == fd);
	raise(SIGUSR1);
	TELL(poll(&p, 1, 0));
	thread = later(&w, send_signal, SIGUSR2);
	show_poll(&p, 1);
	TELL(read(fd, info, sizeof(info)));
	printf("%u %d\n", info[0].ssi_signo, info[0].ssi_code);
	pthread_join(thread, NULL);
	TELL(fcntl(fd, F_SETFL, 0));
	thread = later(&w, send_signal, SIGUSR2);
	TELL(read(fd, info, sizeof(info)));
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	static const struct events_case cases[] = {
		{"streams", streams},
		{"waking", waking},
		{"interrupted", interrupted},
		{"signals", signals},
		{NULL, NULL},
	};

	return events_main(argc, argv, cases);
}
