/* SPDX-License-Identifier: ISC */
/*
 * Pipes.
 *
 * THEORY OF OPERATION
 * A pipe is a ring of bytes in memory, small at first. Up to PIPE_BUF bytes are
 * written together or not at all; so there is room for writing only when
 * PIPE_BUF bytes are free, as poll() tells it. One queue is woken by whatever
 * happens: there are hardly ever readers and writers waiting at once.
 */
#include "pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "file.h"
#include "file_vnode.h"
#include "rt_syscall.h"
#include "vnode.h"

#define FIRST_BYTES   4096UL
#define DEFAULT_BYTES 65536UL
#define MOST_BYTES    (1UL << 30)

struct rt_pipe *__rt_pipe_new(void)
{
	struct rt_pipe *p = __rt_calloc(1, sizeof(*p));

	if (p)
		p->capacity = DEFAULT_BYTES;
	return p;
}

void __rt_pipe_join(struct rt_pipe *p, int flags)
{
	int access = flags & O_ACCMODE;

	if (access != O_WRONLY) {
		p->readers++;
		p->reader_opens++;
	}
	if (access != O_RDONLY) {
		p->writers++;
		p->writer_opens++;
	}
	__rt_waitq_wake(&p->changed, RT_WAKE_ALL);
}

void __rt_pipe_leave(struct rt_pipe *p, int flags)
{
	int access = flags & O_ACCMODE;

	p->readers -= access != O_WRONLY;
	p->writers -= access != O_RDONLY;
	if (p->readers || p->writers) {
		__rt_waitq_wake(&p->changed, RT_WAKE_ALL);
		return;
	}
	if (p->vnode)
		p->vnode->node = NULL;
	__rt_free(p->data);
	__rt_free(p);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The ring gets that size, which is enough for what is in it. */
static long resize(struct rt_pipe *p, size_t bytes)
{
	char *data = __rt_malloc(bytes);
	size_t straight = least(p->used, p->allocated - p->first);

	if (!data)
		return -ENOMEM;
	if (p->used) {
		memcpy(data, p->data + p->first, straight);
		memcpy(data + straight, p->data, p->used - straight);
	}
	__rt_free(p->data);
	p->data = data;
	p->allocated = bytes;
	p->first = 0;
	return 0;
}

/* Moves up to @bytes out of the ring. */
static size_t take(struct rt_pipe *p, char *to, size_t bytes)
{
	size_t straight;

	bytes = least(bytes, p->used);
	straight = least(bytes, p->allocated - p->first);
	memcpy(to, p->data + p->first, straight);
	memcpy(to + straight, p->data, bytes - straight);
	p->used -= bytes;
	p->first = p->used ? (p->first + bytes) & (p->allocated - 1) : 0;
	return bytes;
}

/* Moves @bytes, for which there is room, into the ring. */
static void put(struct rt_pipe *p, const char *from, size_t bytes)
{
	size_t at = (p->first + p->used) & (p->allocated - 1);
	size_t straight = least(bytes, p->allocated - at);

	memcpy(p->data + at, from, straight);
	memcpy(p->data, from + straight, bytes - straight);
	p->used += bytes;
}

static int is_full(const struct rt_pipe *p)
{
	return p->capacity - p->used < PIPE_BUF;
}

static long pipe_readv(struct rt_file *file, const struct iovec *iov, int count,
		       uint64_t offset)
{
	struct rt_pipe *p = file->own;
	int was_full;
	long n = 0, err;

	(void)offset;
	if (!__rt_iov_bytes(iov, count))
		return 0;
	while (!p->used) {
		if (!p->writers)
			return 0;
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		err = __rt_wait_on(&p->changed, RT_NEVER);
		if (err)
			return err;
	}
	was_full = is_full(p);
	for (int i = 0; i < count && p->used; i++)
		n += (long)take(p, iov[i].iov_base, iov[i].iov_len);
	if (was_full && !is_full(p))
		__rt_waitq_wake_for(&p->changed, POLLOUT | POLLWRNORM);
	return n;
}

/* Makes the ring as large as its capacity allows and @bytes more need. */
static long make_room(struct rt_pipe *p, size_t bytes)
{
	size_t wanted = p->allocated ? p->allocated : FIRST_BYTES;

	while (wanted < p->capacity && wanted - p->used < bytes)
		wanted *= 2;
	return wanted > p->allocated ? resize(p, wanted) : 0;
}

/* Puts @bytes of a list, on from @done. */
static void put_list(struct rt_pipe *p, const struct iovec *iov, size_t done,
		     size_t bytes)
{
	size_t n;

	for (; bytes; iov++) {
		if (done >= iov->iov_len) {
			done -= iov->iov_len;
			continue;
		}
		n = least(iov->iov_len - done, bytes);
		put(p, (const char *)iov->iov_base + done, n);
		bytes -= n;
		done = 0;
	}
}

/* Writes what there is room for, on from @done; how much, or -EAGAIN... */
static long write_some(struct rt_pipe *p, const struct iovec *iov, size_t all,
		       size_t done)
{
	size_t room = p->capacity - p->used, n = all - done;
	long err;

	if (!p->readers)
		return __rt_broken_pipe();
	if (all <= PIPE_BUF ? room < all : !room)
		return -EAGAIN;
	err = make_room(p, n);
	if (err)
		return err;
	n = least(n, p->allocated - p->used);
	put_list(p, iov, done, n);
	return (long)n;
}

static long pipe_writev(struct rt_file *file, const struct iovec *iov,
			int count, uint64_t offset)
{
	struct rt_pipe *p = file->own;
	size_t all = (size_t)__rt_iov_bytes(iov, count), done = 0;
	long n = 0;

	(void)offset;
	while (done < all) {
		n = write_some(p, iov, all, done);
		if (n > 0) {
			done += (size_t)n;
			__rt_waitq_wake_for(&p->changed, POLLIN | POLLRDNORM);
			continue;
		}
		if (n != -EAGAIN || (file->flags & O_NONBLOCK))
			break;
		n = __rt_wait_on(&p->changed, RT_NEVER);
		if (n)
			break;
	}
	return done ? (long)done : n;
}

static unsigned pipe_poll(struct rt_file *file, struct rt_waitq **queue)
{
	struct rt_pipe *p = file->own;
	unsigned events = 0;

	if (queue)
		*queue = &p->changed;
	if (__rt_reads(file)) {
		events |= p->used ? POLLIN | POLLRDNORM : 0;
		/* Not before there has been a writer: fifo(7). */
		if (!p->writers && file->device != p->writer_opens)
			events |= POLLHUP;
	}
	if (__rt_writes(file)) {
		events |= is_full(p) ? 0 : POLLOUT | POLLWRNORM;
		events |= p->readers ? 0 : POLLERR;
	}
	return events;
}

static long pipe_ioctl(struct rt_file *file, unsigned request, void *arg)
{
	const struct rt_pipe *p = file->own;

	if (request != FIONREAD)
		return -ENOTTY;
	*(int *)arg = (int)p->used;
	return 0;
}

static long pipe_size(struct rt_file *file, long bytes)
{
	struct rt_pipe *p = file->own;
	size_t size = FIRST_BYTES;
	long err = 0;

	if (!bytes)
		return (long)p->capacity;
	if ((unsigned long)bytes > MOST_BYTES)
		return -EINVAL;
	while (size < (unsigned long)bytes)
		size *= 2;
	if (size < p->used)
		return -EBUSY;
	if (size < p->allocated)
		err = resize(p, size);
	if (err)
		return err;
	p->capacity = size;
	__rt_waitq_wake_for(&p->changed, POLLOUT | POLLWRNORM);
	return (long)size;
}

static void pipe_stat(struct rt_file *file, struct stat *st)
{
	st->st_mode = S_IFIFO | 0600;
	st->st_nlink = 1;
	st->st_blksize = (blksize_t)FIRST_BYTES;
	st->st_ino = (ino_t)(uintptr_t)file->own;
}

static void pipe_release(struct rt_file *file)
{
	__rt_pipe_leave(file->own, file->flags);
}

static const struct rt_file_ops pipe_ops = {
	.readv = pipe_readv,
	.writev = pipe_writev,
	.ioctl = pipe_ioctl,
	.poll = pipe_poll,
	.pipe_size = pipe_size,
	.stat = pipe_stat,
	.release = pipe_release,
};

static void fifo_stat(struct rt_file *file, struct stat *st)
{
	__rt_vnode_stat(file->vnode, st);
}

static void fifo_release(struct rt_file *file)
{
	__rt_pipe_leave(file->own, file->flags);
	__rt_vnode_put(file->vnode);
}

const struct rt_file_ops __rt_fifo_ops = {
	.readv = pipe_readv,
	.writev = pipe_writev,
	.ioctl = pipe_ioctl,
	.poll = pipe_poll,
	.pipe_size = pipe_size,
	.stat = fifo_stat,
	.release = fifo_release,
};

/* One end; NULL: too many files. */
static struct rt_file *new_end(struct rt_pipe *p, int flags)
{
	struct rt_file *f = __rt_file_new(&pipe_ops);

	if (!f)
		return NULL;
	f->own = p;
	f->flags = flags;
	__rt_pipe_join(p, flags);
	return f;
}

long __rt_sys_pipe2(int *fds, int flags)
{
	const int kept = O_NONBLOCK | O_DIRECT;
	struct rt_pipe *p;
	long from, to;

	if (flags & ~(kept | O_CLOEXEC))
		return -EINVAL;
	p = __rt_pipe_new();
	if (!p)
		return -ENOMEM;
	from = __rt_file_install(new_end(p, O_RDONLY | (flags & kept)), flags);
	if (from == -ENFILE)
		__rt_free(p);
	if (from < 0)
		return from;
	to = __rt_file_install(new_end(p, O_WRONLY | (flags & kept)), flags);
	if (to < 0) {
		__rt_sys_close((int)from);
		return to;
	}
	fds[0] = (int)from;
	fds[1] = (int)to;
	return 0;
}

long __rt_sys_pipe(int *fds)
{
	return __rt_sys_pipe2(fds, 0);
}
