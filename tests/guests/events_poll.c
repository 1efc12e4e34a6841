/* SPDX-License-Identifier: ISC */
/* poll, select, epoll and eventfd, as one thread can use them. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "events.h"

static void polling(void)
{
	struct pollfd p[20];
	int a[2], b[2], file;

	NEED(pipe(a) == 0 && pipe(b) == 0);
	file = open("file", O_RDWR | O_CREAT, 0600);
	NEED(file >= 0);
	p[0] = (struct pollfd){a[0], POLLIN, 0};
	p[1] = (struct pollfd){b[0], POLLIN, 0};
	p[2] = (struct pollfd){-7, POLLIN, -1};
	TELL(poll(p, 3, 0));
	TELL(poll(p, 3, 30));
	printf("%d\n", p[2].revents);
	p[2] = (struct pollfd){1000, POLLIN, 0};
	TELL(poll(p, 3, -1));
	printf("%s\n", events_names((unsigned)p[2].revents));
	p[2] = (struct pollfd){file, POLLIN | POLLPRI, 0};
	TELL(poll(p, 3, -1));
	printf("%s\n", events_names((unsigned)p[2].revents));
	NEED(write(b[1], "x", 1) == 1);
	TELL(poll(p, 2, -1));
	printf("%d %s\n", p[0].revents, events_names((unsigned)p[1].revents));
	p[1].events = 0;
	TELL(poll(p, 2, 10));
	close(b[1]);
	TELL(poll(p, 2, -1));
	printf("%s\n", events_names((unsigned)p[1].revents));
	for (int i = 0; i < 20; i++)
		p[i] = (struct pollfd){i % 2 ? a[1] : b[0], POLLIN | POLLOUT,
				       0};
	TELL(poll(p, 20, -1));
	TELL(poll(NULL, 0, 20));
	TELL(poll(p, 5000, 0));
	TELL(ppoll(p, 1, &(struct timespec){0, 1000000000}, NULL));
	TELL(ppoll(p, 1, &(struct timespec){-1, 0}, NULL));
	p[0] = (struct pollfd){a[0], POLLIN, 0};
	TELL(ppoll(p, 1, &(struct timespec){0, 1000000}, NULL));
}

static long selected(int count, fd_set *r, fd_set *w, fd_set *x, long us)
{
	struct timeval t = {us / 1000000, us % 1000000};

	return select(count, r, w, x, us < 0 ? NULL : &t);
}

static void show_set(const char *name, const fd_set *set)
{
	printf("  %s:", name);
	for (int i = 0; i < 32; i++)
		if (FD_ISSET(i, set))
			printf(" %d", i);
	printf("\n");
}

static void selecting(void)
{
	fd_set r, w, x;
	int a[2], b[2];

	NEED(pipe(a) == 0 && pipe(b) == 0);
	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_ZERO(&x);
	FD_SET(a[0], &r);
	FD_SET(b[0], &r);
	TELL(selected(10, &r, NULL, NULL, 1000));
	show_set("r", &r);
	FD_SET(a[0], &r);
	FD_SET(a[1], &w);
	FD_SET(b[0], &r);
	FD_SET(b[1], &w);
	FD_SET(a[0], &x);
	NEED(write(b[1], "x", 1) == 1);
	TELL(selected(10, &r, &w, &x, -1));
	show_set("r", &r);
	show_set("w", &w);
	show_set("x", &x);
	close(a[1]);
	FD_SET(a[0], &r);
	TELL(selected(a[0] + 1, &r, NULL, NULL, -1));
	show_set("r", &r);
	/* The other end has gone: that is nothing to write for. */
	FD_ZERO(&w);
	FD_SET(a[0], &w);
	TELL(selected(a[0] + 1, NULL, &w, NULL, 20000));
	FD_SET(20, &r);
	TELL(selected(21, &r, NULL, NULL, 0));
	TELL(selected(20, &r, NULL, NULL, 0));
	TELL(selected(-1, &r, NULL, NULL, 0));
	TELL(selected(0, NULL, NULL, NULL, 1000));
	TELL(pselect(0, NULL, NULL, NULL, &(struct timespec){0, 1000}, NULL));
	{
		struct timeval t = {5, 0};

		FD_ZERO(&r);
		FD_SET(b[0], &r);
		TELL(syscall(SYS_select, 10, &r, NULL, NULL, &t));
		printf("left: %d\n", t.tv_sec == 4 || t.tv_sec == 5);
		TELL(syscall(SYS_select, 0, NULL, NULL, NULL,
			     memset(&t, -1, sizeof(t))));
	}
}

static int e;

static int compare(const void *a, const void *b)
{
	const struct epoll_event *x = a, *y = b;

	return (x->data.u64 > y->data.u64) - (x->data.u64 < y->data.u64);
}

/* What is there now, by the number that was given. */
static void show_events(int most, int timeout)
{
	struct epoll_event got[32];
	int n = epoll_wait(e, got, most, timeout);

	/* Their order is not promised. */
	if (n > 1)
		qsort(got, (size_t)n, sizeof(*got), compare);
	printf("  %d events", n);
	for (int i = 0; i < n; i++)
		printf(", %d: %s", (int)got[i].data.u64,
		       events_names(got[i].events));
	printf("\n");
}

static int control(int op, int fd, unsigned events, unsigned number)
{
	struct epoll_event event = {.events = events, .data.u64 = number};

	return epoll_ctl(e, op, fd, &event);
}

static void levels(void)
{
	char buffer[10];
	int a[2], b[2];

	e = epoll_create1(EPOLL_CLOEXEC);
	NEED(pipe(a) == 0 && pipe(b) == 0);
	TELL(control(EPOLL_CTL_ADD, a[0], EPOLLIN, 1));
	TELL(control(EPOLL_CTL_ADD, b[0], EPOLLIN, 2));
	show_events(8, 0);
	show_events(8, 20);
	NEED(write(a[1], "abc", 3) == 3);
	show_events(8, -1);
	show_events(8, -1);
	NEED(write(b[1], "abc", 3) == 3);
	show_events(8, -1);
	show_events(1, -1);
	show_events(1, -1);
	show_events(1, -1);
	NEED(read(a[0], buffer, 3) == 3);
	show_events(8, -1);
	TELL(control(EPOLL_CTL_ADD, a[1], EPOLLOUT, 3));
	show_events(8, -1);
	TELL(control(EPOLL_CTL_MOD, a[1], EPOLLIN, 3));
	show_events(8, -1);
	close(a[0]);
	show_events(8, -1);
	TELL(control(EPOLL_CTL_DEL, a[1], 0, 0));
	show_events(8, -1);
	TELL(control(EPOLL_CTL_MOD, b[0], 0, 9));
	show_events(8, 0);
	close(b[1]);
	show_events(8, 0);
	close(b[0]);
	show_events(8, 0);
}

static void edges(void)
{
	char buffer[70000];
	int a[2];

	e = epoll_create(1);
	NEED(pipe2(a, O_NONBLOCK) == 0);
	TELL(control(EPOLL_CTL_ADD, a[0], EPOLLIN | EPOLLET, 1));
	show_events(8, 0);
	NEED(write(a[1], "abc", 3) == 3);
	show_events(8, 0);
	show_events(8, 0);
	NEED(write(a[1], "abc", 3) == 3);
	show_events(8, 0);
	NEED(read(a[0], buffer, 1) == 1);
	show_events(8, 0);
	TELL(control(EPOLL_CTL_MOD, a[0], EPOLLIN | EPOLLET, 2));
	show_events(8, 0);
	show_events(8, 0);
	TELL(control(EPOLL_CTL_ADD, a[1], EPOLLOUT | EPOLLET, 3));
	show_events(8, 0);
	show_events(8, 0);
	memset(buffer, 0, sizeof(buffer));
	NEED(read(a[0], buffer, 10) == 5);
	TELL(write(a[1], buffer, sizeof(buffer)));
	show_events(8, 0);
	TELL(read(a[0], buffer, 10));
	show_events(8, 0);
	TELL(read(a[0], buffer, 4096));
	show_events(8, 0);
	TELL(read(a[0], buffer, 40000));
	show_events(8, 0);
	TELL(control(EPOLL_CTL_MOD, a[0], EPOLLIN | EPOLLONESHOT, 4));
	show_events(8, 0);
	NEED(write(a[1], "abc", 3) == 3);
	show_events(8, 0);
	TELL(control(EPOLL_CTL_MOD, a[0], EPOLLIN | EPOLLONESHOT | EPOLLRDNORM,
		     5));
	show_events(8, 0);
	TELL(control(EPOLL_CTL_MOD, a[0], EPOLLIN | EPOLLONESHOT, 6));
	close(a[1]);
	show_events(8, 0);
	show_events(8, 0);
}

static void refused(void)
{
	int a[2], f, d, null, other = epoll_create1(0), more[8];

	e = epoll_create1(0);
	NEED(pipe(a) == 0);
	f = open("file", O_RDWR | O_CREAT, 0600);
	d = open(".", O_RDONLY);
	null = open("/dev/null", O_RDWR);
	NEED(f >= 0 && d >= 0 && null >= 0);
	TELL(epoll_create(0));
	TELL(epoll_create1(1));
	TELL(control(EPOLL_CTL_ADD, f, EPOLLIN, 0));
	TELL(control(EPOLL_CTL_ADD, d, EPOLLIN, 0));
	TELL(control(EPOLL_CTL_ADD, null, EPOLLIN, 0));
	TELL(control(EPOLL_CTL_ADD, e, EPOLLIN, 0));
	TELL(control(EPOLL_CTL_ADD, 900, EPOLLIN, 0));
	TELL(control(77, a[0], EPOLLIN, 0));
	TELL(control(EPOLL_CTL_DEL, a[0], EPOLLIN, 0));
	TELL(control(EPOLL_CTL_MOD, a[0], EPOLLIN, 0));
	TELL(control(EPOLL_CTL_ADD, a[0], EPOLLIN, 0));
	TELL(control(EPOLL_CTL_ADD, a[0], EPOLLIN, 0));
	TELL(epoll_wait(e, NULL, 0, 0));
	TELL(epoll_wait(a[0], (struct epoll_event[1]){0}, 1, 0));
	TELL(epoll_wait(900, (struct epoll_event[1]){0}, 1, 0));
	TELL(epoll_ctl(a[0], EPOLL_CTL_ADD, a[1], (struct epoll_event[1]){0}));
	TELL(control(EPOLL_CTL_ADD, a[1],
		     EPOLLOUT | EPOLLEXCLUSIVE | EPOLLRDHUP, 0));
	TELL(control(EPOLL_CTL_ADD, a[1], EPOLLOUT | EPOLLEXCLUSIVE, 1));
	show_events(8, 0);
	TELL(control(EPOLL_CTL_MOD, a[1], EPOLLOUT, 0));
	TELL(control(EPOLL_CTL_ADD, other, EPOLLIN | EPOLLEXCLUSIVE, 0));
	TELL(control(EPOLL_CTL_ADD, other, EPOLLIN, 7));
	TELL(epoll_ctl(other, EPOLL_CTL_ADD, e, (struct epoll_event[1]){0}));
	TELL(read(e, more, 4));
	TELL(write(e, more, 4));
	/* How deep may they be? */
	for (int i = 0; i < 8; i++)
		more[i] = epoll_create1(0);
	for (int i = 1; i < 8; i++)
		TELL(epoll_ctl(more[i], EPOLL_CTL_ADD, more[i - 1],
			       (struct epoll_event[1]){0}));
	for (int i = 0; i < 8; i++) {
		close(more[i]);
		more[i] = epoll_create1(0);
	}
	for (int i = 7; i > 0; i--)
		TELL(epoll_ctl(more[i], EPOLL_CTL_ADD, more[i - 1],
			       (struct epoll_event[1]){0}));
}

static void nested(void)
{
	int a[2], inner = epoll_create1(0), copy;
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = 5};
	struct pollfd p = {inner, POLLIN, 0};
	char c;

	e = epoll_create1(0);
	NEED(pipe(a) == 0);
	TELL(control(EPOLL_CTL_ADD, inner, EPOLLIN, 1));
	TELL(epoll_ctl(inner, EPOLL_CTL_ADD, a[0], &event));
	show_events(8, 0);
	TELL(poll(&p, 1, 0));
	NEED(write(a[1], "x", 1) == 1);
	show_events(8, -1);
	TELL(poll(&p, 1, -1));
	TELL(epoll_wait(inner, &event, 1, -1));
	show_events(8, -1);
	NEED(read(a[0], &c, 1) == 1);
	show_events(8, 0);
	TELL(poll(&p, 1, 0));
	/* A watch lives as long as its file, whatever its descriptor does. */
	TELL(control(EPOLL_CTL_ADD, a[0], EPOLLIN, 2));
	copy = dup(a[0]);
	TELL(control(EPOLL_CTL_ADD, copy, EPOLLIN, 3));
	NEED(write(a[1], "x", 1) == 1);
	close(a[0]);
	show_events(8, 0);
	TELL(control(EPOLL_CTL_DEL, a[0], 0, 0));
	close(copy);
	show_events(8, 0);
}

static void counting(void)
{
	static const uint64_t values[] = {
		0, 1, 5, UINT64_MAX, UINT64_MAX - 1, 1, UINT64_MAX - 6, 1};
	uint64_t value = 0;
	int fd = eventfd(3, EFD_NONBLOCK);
	struct pollfd p = {fd, POLLIN | POLLOUT, 0};
	struct stat st;

	TELL(eventfd(0, 12345));
	NEED(fstat(fd, &st) == 0);
	printf("%o\n", st.st_mode);
	printf("%x\n", fcntl(fd, F_GETFL));
	TELL(read(fd, &value, 7));
	TELL(write(fd, &value, 7));
	TELL(read(fd, &value, 8));
	TELL(value);
	TELL(read(fd, &value, 8));
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		TELL(write(fd, &values[i], 8));
		TELL(poll(&p, 1, 0));
		printf("%s\n", events_names((unsigned)p.revents));
	}
	TELL(read(fd, &value, 8));
	printf("%#llx\n", (unsigned long long)value);
	fd = eventfd(3, EFD_NONBLOCK | EFD_SEMAPHORE | EFD_CLOEXEC);
	TELL(fcntl(fd, F_GETFD));
	for (int i = 0; i < 4; i++) {
		TELL(read(fd, &value, 8));
		TELL(value);
	}
	TELL(pread(fd, &value, 8, 0));
	TELL(eventfd_write(fd, 4));
	TELL(eventfd_read(fd, &value));
	e = epoll_create1(0);
	TELL(control(EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET, 1));
	show_events(1, 0);
	show_events(1, 0);
	TELL(eventfd_write(fd, 1));
	show_events(1, 0);
	TELL(eventfd_read(fd, &value));
	show_events(1, 0);
}

int main(int argc, char **argv)
{
	static const struct events_case cases[] = {
		{"polling", polling},	{"selecting", selecting},
		{"levels", levels},	{"edges", edges},
		{"refused", refused},	{"nested", nested},
		{"counting", counting}, {NULL, NULL},
	};

	return events_main(argc, argv, cases);
}
