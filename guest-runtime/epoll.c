/* SPDX-License-Identifier: ISC */
/*
 * epoll(7).
 *
 * THEORY OF OPERATION
 * A watch is one file under one descriptor in one epoll. It waits in the
 * file's queue as long as it exists, so that whoever changes the file puts it
 * on the list of those that may be ready. What really is, the file is asked
 * when events are collected; then a watch leaves the list unless it is
 * level-triggered. A watch holds no reference: it goes when its file is
 * closed, and with its epoll.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>

#include "file.h"
#include "file_poll.h"
#include "rt_syscall.h"
#include "thread.h"
#include "vnode.h"
#include "wait.h"

/* As Linux: epolls within epolls. */
#define MOST_NESTED 4
/* Bits of a watch that are no events. */
#define HOW	    (EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE)
#define ALWAYS	    (EPOLLERR | EPOLLHUP)
#define WITH_EXCLUSIVE                                                      \
	(EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | \
	 EPOLLEXCLUSIVE)

struct epoll;

struct watch {
	struct rt_waiter waiter; /* first */
	struct epoll *epoll;
	struct rt_file *file;
	int fd;
	struct epoll_event wanted;
	struct watch *of_file;	       /* the next of the same file */
	struct watch *previous, *next; /* all of the epoll */
	struct watch *ready_previous, *ready_next;
	int is_ready; /* it is on the list */
};

struct epoll {
	struct rt_file *file;
	struct watch *all;
	struct watch *ready, *ready_last;
	struct rt_waitq changed;
};

static const struct rt_file_ops epoll_ops;

static void make_ready(struct watch *w)
{
	struct epoll *e = w->epoll;

	if (w->is_ready)
		return;
	w->is_ready = 1;
	w->ready_next = NULL;
	w->ready_previous = e->ready_last;
	*(e->ready_last ? &e->ready_last->ready_next : &e->ready) = w;
	e->ready_last = w;
}

static void unready(struct watch *w)
{
	struct epoll *e = w->epoll;

	if (!w->is_ready)
		return;
	w->is_ready = 0;
	*(w->ready_previous ? &w->ready_previous->ready_next : &e->ready) =
		w->ready_next;
	*(w->ready_next ? &w->ready_next->ready_previous : &e->ready_last) =
		w->ready_previous;
}

/* Something has changed with the file of a watch. */
static void watch_woken(struct rt_waiter *waiter)
{
	struct watch *w = (struct watch *)waiter;
	unsigned about = waiter->queue->events;

	/* Without any event: used up, EPOLLONESHOT. */
	if (!(w->wanted.events & ~HOW))
		return;
	if (about && !(about & (w->wanted.events | ALWAYS)))
		return;
	make_ready(w);
	__rt_waitq_wake_for(&w->epoll->changed, POLLIN | POLLRDNORM);
}

static unsigned events_now(const struct watch *w)
{
	unsigned wanted = w->wanted.events & ~HOW;

	return __rt_file_poll(w->file, NULL) & wanted;
}

static struct watch *find(const struct epoll *e, const struct rt_file *file,
			  int fd)
{
	struct watch *w = file->watches;

	while (w && (w->epoll != e || w->fd != fd))
		w = w->of_file;
	return w;
}

static void unwatch(struct watch *w)
{
	struct watch **at = (struct watch **)&w->file->watches;

	while (*at != w)
		at = &(*at)->of_file;
	*at = w->of_file;
	*(w->previous ? &w->previous->next : &w->epoll->all) = w->next;
	if (w->next)
		w->next->previous = w->previous;
	unready(w);
	__rt_waitq_leave(&w->waiter);
	__rt_free(w);
}

static void file_closed(struct rt_file *file)
{
	while (file->watches)
		unwatch(file->watches);
}

/* If it is ready now, it is not first when something changes. */
static void look(struct watch *w)
{
	if (!events_now(w))
		return;
	make_ready(w);
	__rt_waitq_wake_for(&w->epoll->changed, POLLIN | POLLRDNORM);
}

static long add(struct epoll *e, struct rt_file *file, int fd,
		const struct epoll_event *event)
{
	struct watch *w = __rt_calloc(1, sizeof(*w));
	struct rt_waitq *queue;

	if (!w)
		return -ENOMEM;
	__rt_watches_release = file_closed;
	w->epoll = e;
	w->file = file;
	w->fd = fd;
	w->wanted = *event;
	w->wanted.events |= ALWAYS;
	w->of_file = file->watches;
	file->watches = w;
	w->next = e->all;
	if (w->next)
		w->next->previous = w;
	e->all = w;
	w->waiter.woken = watch_woken;
	__rt_file_poll(file, &queue);
	if (queue)
		__rt_waitq_join(queue, &w->waiter);
	look(w);
	return 0;
}

/* How many levels of epolls @e watches; too many if @loop is among them. */
static unsigned levels_below(const struct epoll *e, const struct epoll *loop)
{
	unsigned most = 0;

	if (e == loop)
		return MOST_NESTED + 1;
	for (const struct watch *w = e->all; w; w = w->next) {
		unsigned n = 0;

		if (w->file->ops == &epoll_ops)
			n = 1 + levels_below(w->file->own, loop);
		most = n > most ? n : most;
	}
	return most;
}

/* How many levels of epolls watch @e. */
static unsigned levels_above(const struct epoll *e)
{
	unsigned most = 0;

	for (const struct watch *w = e->file->watches; w; w = w->of_file) {
		unsigned n = 1 + levels_above(w->epoll);

		most = n > most ? n : most;
	}
	return most;
}

static long check_new(const struct epoll *e, const struct rt_file *file,
		      unsigned events)
{
	int is_epoll = file->ops == &epoll_ops;

	if (events & EPOLLEXCLUSIVE) {
		if (is_epoll || (events & ~WITH_EXCLUSIVE))
			return -EINVAL;
	}
	if (!is_epoll)
		return 0;
	return levels_below(file->own, e) + 1 + levels_above(e) > MOST_NESTED
		       ? -ELOOP
		       : 0;
}

static long modify(struct watch *w, const struct epoll_event *event)
{
	if ((w->wanted.events | event->events) & EPOLLEXCLUSIVE)
		return -EINVAL;
	w->wanted = *event;
	w->wanted.events |= ALWAYS;
	look(w);
	return 0;
}

long __rt_sys_epoll_ctl(int epoll_fd, int op, int fd,
			const struct epoll_event *event)
{
	struct rt_file *ef = __rt_file(epoll_fd), *f = __rt_file(fd);
	struct watch *w;
	long err;

	if (!ef || !f || ((ef->flags | f->flags) & O_PATH))
		return -EBADF;
	if (!f->ops->poll)
		return -EPERM;
	if (ef->ops != &epoll_ops || ef == f)
		return -EINVAL;
	w = find(ef->own, f, fd);
	switch (op) {
	case EPOLL_CTL_ADD:
		err = check_new(ef->own, f, event->events);
		if (err)
			return err;
		return w ? -EEXIST : add(ef->own, f, fd, event);
	case EPOLL_CTL_MOD:
		return w ? modify(w, event) : -ENOENT;
	case EPOLL_CTL_DEL:
		if (!w)
			return -ENOENT;
		unwatch(w);
		return 0;
	default:
		return -EINVAL;
	}
}

/*
 * Up to @most events of those that are on the list now. A level-triggered
 * watch stays there, at the end, until its file says that it is not ready.
 */
static int collect(struct epoll *e, struct epoll_event *to, int most)
{
	struct watch *last = e->ready_last, *w;
	int n = 0, is_last = !last;

	while (n < most && !is_last) {
		unsigned events;

		w = e->ready;
		is_last = w == last;
		unready(w);
		events = events_now(w);
		if (!events)
			continue;
		to[n++] = (struct epoll_event){events, w->wanted.data};
		if (w->wanted.events & EPOLLONESHOT)
			w->wanted.events &= HOW;
		else if (!(w->wanted.events & EPOLLET))
			make_ready(w);
	}
	return n;
}

static long epoll_until(int fd, struct epoll_event *events, int most,
			uint64_t deadline_ns)
{
	struct rt_file *f = __rt_file(fd);
	struct epoll *e;
	long n, err = 0;

	if (most <= 0 || (size_t)most > INT32_MAX / sizeof(*events))
		return -EINVAL;
	if (!f)
		return -EBADF;
	if (f->ops != &epoll_ops)
		return -EINVAL;
	e = f->own;
	__rt_serve_devices();
	n = collect(e, events, most);
	__rt_file_hold(f);
	while (!n && !err) {
		/* Asking one file may have brought news of another. */
		if (!e->ready)
			err = __rt_wait_on(&e->changed, deadline_ns);
		n = collect(e, events, most);
	}
	__rt_file_put(f);
	if (!n && err == -EINTR)
		return __rt_interrupted();
	return n || err == -ETIMEDOUT ? n : err;
}

static long masked(int fd, struct epoll_event *events, int most,
		   uint64_t deadline_ns, const uint64_t *mask, size_t bytes)
{
	uint64_t before;
	long err = __rt_sigmask_begin(mask, bytes, &before);

	if (err == -EINVAL)
		return err;
	if (!err)
		err = epoll_until(fd, events, most, deadline_ns);
	__rt_sigmask_end(mask, &before);
	return err;
}

long __rt_sys_epoll_pwait(int fd, struct epoll_event *events, int most,
			  int timeout_ms, const uint64_t *mask, size_t bytes)
{
	return masked(fd, events, most, __rt_deadline_ms(timeout_ms), mask,
		      bytes);
}

long __rt_sys_epoll_pwait2(int fd, struct epoll_event *events, int most,
			   const struct timespec *timeout, const uint64_t *mask,
			   size_t bytes)
{
	uint64_t deadline_ns;
	long err = __rt_deadline(timeout, &deadline_ns);

	return err ? err : masked(fd, events, most, deadline_ns, mask, bytes);
}

long __rt_sys_epoll_wait(int fd, struct epoll_event *events, int most,
			 int timeout_ms)
{
	return epoll_until(fd, events, most, __rt_deadline_ms(timeout_ms));
}

static unsigned epoll_poll(struct rt_file *file, struct rt_waitq **queue)
{
	struct epoll *e = file->own;

	if (queue)
		*queue = &e->changed;
	for (const struct watch *w = e->ready; w; w = w->ready_next)
		if (events_now(w))
			return POLLIN | POLLRDNORM;
	return 0;
}

static void epoll_release(struct rt_file *file)
{
	struct epoll *e = file->own;

	while (e->all)
		unwatch(e->all);
	__rt_free(e);
}

static const struct rt_file_ops epoll_ops = {
	.poll = epoll_poll,
	.release = epoll_release,
	.mode = 0600,
};

long __rt_sys_epoll_create1(int flags)
{
	struct rt_file *f;
	struct epoll *e;

	if (flags & ~EPOLL_CLOEXEC)
		return -EINVAL;
	e = __rt_calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	f = __rt_file_new(&epoll_ops);
	if (f) {
		f->own = e;
		f->flags = O_RDWR;
		e->file = f;
	} else {
		__rt_free(e);
	}
	return __rt_file_install(f, flags);
}

long __rt_sys_epoll_create(int size)
{
	return size > 0 ? __rt_sys_epoll_create1(0) : -EINVAL;
}
