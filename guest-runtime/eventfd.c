/* SPDX-License-Identifier: ISC */
/* eventfd(2). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>

#include "file.h"
#include "rt_syscall.h"
#include "vnode.h"
#include "wait.h"

#define MOST (UINT64_MAX - 1)

struct event {
	uint64_t count;
	int semaphore;
	struct rt_waitq changed;
};

static long event_readv(struct rt_file *file, const struct iovec *iov,
			int count, uint64_t offset)
{
	struct event *e = file->own;
	uint64_t value;
	long err;

	(void)offset;
	/* In several pieces nobody reads it: the first has to be enough. */
	if (!count || iov->iov_len < sizeof(value))
		return -EINVAL;
	while (!e->count) {
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		err = __rt_wait_on(&e->changed, RT_NEVER);
		if (err)
			return err;
	}
	value = e->semaphore ? 1 : e->count;
	e->count -= value;
	memcpy(iov->iov_base, &value, sizeof(value));
	__rt_waitq_wake_for(&e->changed, POLLOUT);
	return sizeof(value);
}

static long event_writev(struct rt_file *file, const struct iovec *iov,
			 int count, uint64_t offset)
{
	struct event *e = file->own;
	uint64_t value;
	long err;

	(void)offset;
	if (!count || iov->iov_len < sizeof(value))
		return -EINVAL;
	memcpy(&value, iov->iov_base, sizeof(value));
	if (value > MOST)
		return -EINVAL;
	while (value > MOST - e->count) {
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		err = __rt_wait_on(&e->changed, RT_NEVER);
		if (err)
			return err;
	}
	e->count += value;
	__rt_waitq_wake_for(&e->changed, POLLIN);
	return sizeof(value);
}

static unsigned event_poll(struct rt_file *file, struct rt_waitq **queue)
{
	struct event *e = file->own;

	if (queue)
		*queue = &e->changed;
	return (e->count ? POLLIN : 0U) | (e->count < MOST ? POLLOUT : 0U);
}

static void event_release(struct rt_file *file)
{
	__rt_free(file->own);
}

static const struct rt_file_ops event_ops = {
	.readv = event_readv,
	.writev = event_writev,
	.poll = event_poll,
	.release = event_release,
	.mode = 0600,
};

long __rt_sys_eventfd2(unsigned first, int flags)
{
	struct rt_file *f;
	struct event *e;

	if (flags & ~(EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE))
		return -EINVAL;
	e = __rt_calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->count = first;
	e->semaphore = flags & EFD_SEMAPHORE;
	f = __rt_file_new(&event_ops);
	if (f) {
		f->own = e;
		f->flags = O_RDWR | (flags & EFD_NONBLOCK);
	} else {
		__rt_free(e);
	}
	return __rt_file_install(f, flags);
}

long __rt_sys_eventfd(unsigned first)
{
	return __rt_sys_eventfd2(first, 0);
}
