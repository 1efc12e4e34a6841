/* SPDX-License-Identifier: ISC */
/* select(2), as poll() sees it. */
#include <errno.h>
#include <string.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>

#include "file.h"
#include "file_poll.h"
#include "rt_syscall.h"
#include "vnode.h"

#define KINDS 3
#define FEW   8

#define US_PER_S 1000000L

/* What is an answer for reading, for writing, for exceptions. */
static const unsigned short answers[KINDS] = {
	POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR,
	POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR, POLLPRI};

static int has(const fd_set *set, int fd)
{
	return FD_ISSET((unsigned)fd, set);
}

/* What is asked of @fd. */
static unsigned wanted(int fd, fd_set *const sets[KINDS])
{
	unsigned events = 0;

	for (int k = 0; k < KINDS; k++)
		if (sets[k] && has(sets[k], fd))
			events |= answers[k];
	return events;
}

/* Fills @to, unless it is NULL; how many there are, or -EBADF. */
static long gather(int count, fd_set *const sets[KINDS], struct pollfd *to)
{
	long n = 0;

	for (int fd = 0; fd < count; fd++) {
		unsigned events = wanted(fd, sets);

		if (!events)
			continue;
		if (!__rt_file(fd))
			return -EBADF;
		if (to)
			to[n] = (struct pollfd){.fd = fd,
						.events = (short)events};
		n++;
	}
	return n;
}

/* Leaves in the sets what is ready, and counts that. */
static long scatter(int count, fd_set *const sets[KINDS],
		    const struct pollfd *fds, long n)
{
	size_t bytes = (size_t)(count + 63) / 64 * sizeof(long);
	long ready = 0;

	for (int k = 0; k < KINDS; k++) {
		fd_set was;

		if (!sets[k])
			continue;
		memcpy(&was, sets[k], bytes);
		memset(sets[k], 0, bytes);
		for (long i = 0; i < n; i++) {
			if (!has(&was, fds[i].fd) ||
			    !(fds[i].revents & answers[k]))
				continue;
			FD_SET((unsigned)fds[i].fd, sets[k]);
			ready++;
		}
	}
	return ready;
}

static long select_until(int count, fd_set *const sets[KINDS],
			 uint64_t deadline_ns)
{
	struct pollfd few[FEW], *fds = few;
	long n, ready;

	if (count < 0)
		return -EINVAL;
	if (count > RT_MAX_FDS)
		count = RT_MAX_FDS;
	n = gather(count, sets, NULL);
	if (n < 0)
		return n;
	if (n > FEW)
		fds = __rt_malloc((size_t)n * sizeof(*fds));
	if (!fds)
		return -ENOMEM;
	gather(count, sets, fds);
	ready = __rt_poll(fds, (size_t)n, 0, deadline_ns);
	if (ready >= 0)
		ready = scatter(count, sets, fds, n);
	if (fds != few)
		__rt_free(fds);
	return ready;
}

long __rt_sys_select(int count, void *reads, void *writes, void *exceptions,
		     struct timeval *timeout)
{
	fd_set *const sets[KINDS] = {reads, writes, exceptions};
	struct timespec t;
	uint64_t deadline_ns;
	long ready;

	if (timeout) {
		if (timeout->tv_sec < 0 || timeout->tv_usec < 0)
			return -EINVAL;
		t.tv_sec = timeout->tv_sec + timeout->tv_usec / US_PER_S;
		t.tv_nsec = timeout->tv_usec % US_PER_S * 1000;
	}
	__rt_deadline(timeout ? &t : NULL, &deadline_ns);
	ready = select_until(count, sets, deadline_ns);
	if (timeout) {
		__rt_time_left(&t, deadline_ns);
		timeout->tv_sec = t.tv_sec;
		timeout->tv_usec = t.tv_nsec / 1000;
	}
	return ready;
}

/* Linux has no room for a seventh argument: @mask is two of them. */
long __rt_sys_pselect6(int count, void *reads, void *writes, void *exceptions,
		       struct timespec *timeout,
		       const struct rt_sized_mask *mask)
{
	fd_set *const sets[KINDS] = {reads, writes, exceptions};
	const uint64_t *signals = mask ? mask->signals : NULL;
	uint64_t deadline_ns, before;
	long err = __rt_deadline(timeout, &deadline_ns);

	if (err)
		return err;
	err = __rt_sigmask_begin(signals, mask ? mask->bytes : 0, &before);
	if (err == -EINVAL)
		return err;
	if (!err)
		err = select_until(count, sets, deadline_ns);
	__rt_sigmask_end(signals, &before);
	__rt_time_left(timeout, deadline_ns);
	return err;
}
