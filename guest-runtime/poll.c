/* SPDX-License-Identifier: ISC */
/* poll(2). */
#include "file_poll.h"

#include <errno.h>

#include "file.h"
#include "file_console.h"
#include "rt_syscall.h"
#include "runtime.h"
#include "thread.h"
#include "vnode.h"
#include "wait.h"

#define FEW 8 /* without asking for memory */

RT_LINK_WITH(__rt_console_poll);

struct watched {
	struct rt_waiter waiter;
	struct rt_file *file;
};

unsigned __rt_file_poll(struct rt_file *file, struct rt_waitq **queue)
{
	if (queue)
		*queue = NULL;
	if (!file->ops->poll)
		return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
	return file->ops->poll(file, queue);
}

/* What holds now; the number of descriptors of which anything does. */
static long check(struct pollfd *fds, size_t count, unsigned always)
{
	long ready = 0;

	for (size_t i = 0; i < count; i++) {
		struct rt_file *f = __rt_file(fds[i].fd);
		unsigned wanted = (unsigned short)fds[i].events;

		wanted |= always;
		fds[i].revents = 0;
		if (fds[i].fd < 0)
			continue;
		if (!f || (f->flags & O_PATH))
			fds[i].revents = POLLNVAL;
		else
			fds[i].revents =
				(short)(__rt_file_poll(f, NULL) & wanted);
		ready += fds[i].revents != 0;
	}
	return ready;
}

/*
 * Until anything may have changed. Files stay open meanwhile. Asking one of
 * them may bring news of another, which then was asked already: so all are
 * asked anew here, where their queues are joined.
 */
static long wait_once(const struct pollfd *fds, size_t count,
		      struct watched *watched, unsigned always,
		      uint64_t deadline_ns)
{
	struct rt_waitq *queue;
	unsigned ready = 0;
	size_t used = 0;
	long err;

	for (size_t i = 0; i < count; i++) {
		struct watched *w = &watched[used];
		struct rt_file *f = __rt_file(fds[i].fd);

		if (!f)
			continue;
		ready |= __rt_file_poll(f, &queue) &
			 ((unsigned short)fds[i].events | always);
		if (!queue)
			continue;
		*w = (struct watched){.file = __rt_file_hold(f)};
		__rt_waitq_join(queue, &w->waiter);
		used++;
	}
	err = __rt_block(ready ? 0 : deadline_ns);
	if (ready && err == -ETIMEDOUT)
		err = 0;
	for (size_t i = 0; i < used; i++)
		__rt_waitq_leave(&watched[i].waiter);
	for (size_t i = 0; i < used; i++)
		__rt_file_put(watched[i].file);
	return err;
}

long __rt_poll(struct pollfd *fds, size_t count, unsigned always,
	       uint64_t deadline_ns)
{
	struct watched few[FEW], *watched = few;
	long ready, err = 0;

	if (count > (size_t)__rt_fd_limit)
		return -EINVAL;
	__rt_serve_devices();
	ready = check(fds, count, always);
	if (ready)
		return ready;
	if (count > FEW)
		watched = __rt_malloc(count * sizeof(*watched));
	if (!watched)
		return -ENOMEM;
	while (!ready && !err) {
		err = wait_once(fds, count, watched, always, deadline_ns);
		ready = check(fds, count, always);
	}
	if (watched != few)
		__rt_free(watched);
	if (!ready && err == -EINTR)
		return __rt_interrupted();
	return ready || err == -ETIMEDOUT ? ready : err;
}

long __rt_sys_poll(struct pollfd *fds, unsigned long count, int timeout_ms)
{
	return __rt_poll(fds, count, POLLERR | POLLHUP,
			 __rt_deadline_ms(timeout_ms));
}

long __rt_sys_ppoll(struct pollfd *fds, unsigned long count,
		    struct timespec *timeout, const uint64_t *mask,
		    size_t bytes)
{
	uint64_t deadline_ns, before;
	long err = __rt_deadline(timeout, &deadline_ns);

	if (err)
		return err;
	err = __rt_sigmask_begin(mask, bytes, &before);
	if (err == -EINVAL)
		return err;
	if (!err)
		err = __rt_poll(fds, count, POLLERR | POLLHUP, deadline_ns);
	__rt_sigmask_end(mask, &before);
	__rt_time_left(timeout, deadline_ns);
	return err;
}
