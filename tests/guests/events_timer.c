/* SPDX-License-Identifier: ISC */
/* timerfd, and what time calls take. Nothing depends on how quick it is. */
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "events.h"

#define MS 1000000L

static uint64_t now_ns(int clock)
{
	struct timespec t;

	NEED(clock_gettime(clock, &t) == 0);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static struct itimerspec spec(uint64_t value_ns, uint64_t interval_ns)
{
	return (struct itimerspec){
		.it_value = {(time_t)(value_ns / 1000000000),
			     (long)(value_ns % 1000000000)},
		.it_interval = {(time_t)(interval_ns / 1000000000),
				(long)(interval_ns % 1000000000)},
	};
}

static int set(int fd, int flags, uint64_t value_ns, uint64_t interval_ns)
{
	struct itimerspec s = spec(value_ns, interval_ns);

	return timerfd_settime(fd, flags, &s, NULL);
}

static unsigned polled(int fd, int timeout)
{
	struct pollfd p = {fd, POLLIN | POLLOUT, 0};

	NEED(poll(&p, 1, timeout) >= 0);
	return (unsigned)p.revents;
}

static void relative(void)
{
	uint64_t start = now_ns(CLOCK_MONOTONIC), n = 0;
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	struct itimerspec s;
	struct stat st;

	NEED(fd >= 0 && fstat(fd, &st) == 0);
	printf("%o %d %x\n", st.st_mode, fcntl(fd, F_GETFD),
	       fcntl(fd, F_GETFL));
	TELL(read(fd, &n, 8));
	TELL(set(fd, 0, 30 * MS, 0));
	TELL(read(fd, &n, 7));
	TELL(read(fd, &n, 8));
	TELL(timerfd_gettime(fd, &s));
	printf("%d %d\n", s.it_value.tv_sec == 0 && s.it_value.tv_nsec > 0,
	       s.it_interval.tv_sec == 0 && s.it_interval.tv_nsec == 0);
	printf("%s\n", events_names(polled(fd, -1)));
	TELL(now_ns(CLOCK_MONOTONIC) - start >= 30 * MS);
	TELL(read(fd, &n, 8));
	TELL(n);
	TELL(read(fd, &n, 8));
	TELL(timerfd_gettime(fd, &s));
	TELL(s.it_value.tv_sec + s.it_value.tv_nsec);
	TELL(write(fd, &n, 8));
	TELL(pread(fd, &n, 8, 0));
	/* Blocking, and set again before it was read. */
	TELL(fcntl(fd, F_SETFL, 0));
	TELL(set(fd, 0, 1, 0));
	polled(fd, -1);
	TELL(set(fd, 0, 20 * MS, 0));
	printf("%s\n", events_names(polled(fd, 0)));
	TELL(read(fd, &n, 8));
	TELL(n);
	TELL(set(fd, 0, 1, 0));
	polled(fd, -1);
	TELL(set(fd, 0, 0, 0));
	printf("%s\n", events_names(polled(fd, 20)));
}

static void repeated(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0), e = epoll_create1(0);
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};
	struct itimerspec s = spec(500 * MS, 700 * MS), old;
	uint64_t n = 0, total = 0, start = now_ns(CLOCK_MONOTONIC);

	NEED(fd >= 0 && e >= 0);
	TELL(epoll_ctl(e, EPOLL_CTL_ADD, fd, &event));
	TELL(epoll_wait(e, &event, 1, 0));
	TELL(set(fd, 0, 5 * MS, 10 * MS));
	for (int i = 0; i < 5; i++) {
		TELL(epoll_wait(e, &event, 1, -1));
		NEED(read(fd, &n, 8) == 8);
		total += n;
	}
	TELL(total >= 5);
	TELL(now_ns(CLOCK_MONOTONIC) - start >= 45 * MS);
	TELL(usleep(35000));
	TELL(read(fd, &n, 8));
	TELL(n >= 3);
	TELL(timerfd_settime(fd, 0, &s, &old));
	printf("%ld %ld %d\n", (long)old.it_interval.tv_sec,
	       old.it_interval.tv_nsec, old.it_value.tv_nsec <= 10 * MS);
	TELL(timerfd_gettime(fd, &s));
	printf("%ld %d\n", s.it_interval.tv_nsec,
	       s.it_value.tv_nsec > 400 * MS);
}

static void absolute(void)
{
	static const int clocks[] = {CLOCK_MONOTONIC, CLOCK_REALTIME,
				     CLOCK_BOOTTIME};
	uint64_t n, start;
	int fd;

	for (int i = 0; i < 3; i++) {
		fd = timerfd_create(clocks[i], 0);
		NEED(fd >= 0);
		start = now_ns(clocks[i]);
		TELL(set(fd, TFD_TIMER_ABSTIME, start + 20 * MS, 0));
		TELL(read(fd, &n, 8));
		TELL(n);
		TELL(now_ns(clocks[i]) >= start + 20 * MS);
		TELL(set(fd, TFD_TIMER_ABSTIME, 1, 0));
		TELL(read(fd, &n, 8));
		TELL(n);
		/* Far away, and as far as it goes. */
		TELL(set(fd, TFD_TIMER_ABSTIME, INT64_MAX, 0));
		printf("%s\n", events_names(polled(fd, 5)));
		TELL(set(fd, 0, INT64_MAX, INT64_MAX));
		printf("%s\n", events_names(polled(fd, 5)));
	}
}

static void refused(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0), p[2];
	struct itimerspec s = {.it_value = {0, 1000000000}};

	NEED(fd >= 0 && pipe(p) == 0);
	TELL(timerfd_create(99, 0));
	TELL(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0));
	TELL(timerfd_create(CLOCK_MONOTONIC, 12345));
	TELL(timerfd_settime(fd, 0, &s, NULL));
	s = (struct itimerspec){.it_interval = {-1, 0}};
	TELL(timerfd_settime(fd, 0, &s, NULL));
	s = (struct itimerspec){0};
	TELL(timerfd_settime(fd, 77, &s, NULL));
	TELL(timerfd_settime(p[0], 0, &s, NULL));
	TELL(timerfd_settime(900, 0, &s, NULL));
	TELL(timerfd_gettime(p[0], &s));
	TELL(timerfd_gettime(900, &s));
}

int main(int argc, char **argv)
{
	static const struct events_case cases[] = {
		{"relative", relative}, {"repeated", repeated},
		{"absolute", absolute}, {"refused", refused},
		{NULL, NULL},
	};

	return events_main(argc, argv, cases);
}
