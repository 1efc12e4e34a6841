/* SPDX-License-Identifier: ISC */
/* Sockets as files. */
#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "rt_syscall.h"
#include "runtime.h"
#include "socket_file.h"
#include "thread.h"
#include "vnode.h"

/* As Linux's net.core.wmem_default. */
#define DEFAULT_BYTES 212992
#define BLOCK_BYTES   4096

struct rt_socket *__rt_socket_new(int domain, int type, int protocol)
{
	struct rt_socket *s = __rt_calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->domain = domain;
	s->type = type;
	s->protocol = protocol;
	s->send_bytes = s->receive_bytes = DEFAULT_BYTES;
	return s;
}

long __rt_socket_wait(struct rt_socket *s, uint64_t until_ns)
{
	long err = until_ns ? __rt_wait_on(&s->changed, until_ns) : -EAGAIN;

	/* A wait with an end is not begun anew: signal(7). */
	if (err == -EINTR && until_ns != RT_NEVER)
		return __rt_interrupted();
	return err == -ETIMEDOUT ? -EAGAIN : err;
}

long __rt_socket_error(struct rt_socket *s)
{
	int error = s->error;

	s->error = 0;
	return -error;
}

static long socket_readv(struct rt_file *file, const struct iovec *iov,
			 int count, uint64_t offset)
{
	struct rt_message m = {.iov = iov, .iov_count = count};

	(void)offset;
	m.bytes = (size_t)__rt_iov_bytes(iov, count);
	return m.bytes ? __rt_socket_receive(file->own, &m, 0) : 0;
}

static long socket_writev(struct rt_file *file, const struct iovec *iov,
			  int count, uint64_t offset)
{
	struct rt_message m = {.iov = iov, .iov_count = count};

	(void)offset;
	m.bytes = (size_t)__rt_iov_bytes(iov, count);
	return __rt_socket_send(file->own, &m, 0);
}

static unsigned socket_poll(struct rt_file *file, struct rt_waitq **queue)
{
	struct rt_socket *s = file->own;

	if (queue)
		*queue = &s->changed;
	return s->ops->poll(s);
}

/* What asks about interfaces may be any socket: netdevice(7). */
#define IS_OF_INTERFACES(request) ((request) >> 8 == 0x89)

extern long __rt_net_ioctl(unsigned request, void *arg, size_t readable,
			   size_t unsent) __attribute__((weak));

static long socket_ioctl(struct rt_file *file, unsigned request, void *arg)
{
	struct rt_socket *s = file->own;

	if (IS_OF_INTERFACES(request) && __rt_net_ioctl)
		return __rt_net_ioctl(request, arg, 0, 0);
	return s->ops->ioctl ? s->ops->ioctl(s, request, arg) : -ENOTTY;
}

static void socket_stat(struct rt_file *file, struct stat *st)
{
	st->st_mode = S_IFSOCK | 0777;
	st->st_nlink = 1;
	st->st_blksize = BLOCK_BYTES;
	st->st_ino = (ino_t)(uintptr_t)file->own;
}

static void socket_release(struct rt_file *file)
{
	__rt_socket_drop(file->own);
}

static const struct rt_file_ops socket_ops = {
	.readv = socket_readv,
	.writev = socket_writev,
	.ioctl = socket_ioctl,
	.poll = socket_poll,
	.stat = socket_stat,
	.release = socket_release,
};

void __rt_socket_drop(struct rt_socket *s)
{
	if (s->ops)
		s->ops->release(s);
	__rt_free(s->own);
	__rt_free(s);
}

struct rt_socket *__rt_file_socket(struct rt_file *file)
{
	return file->ops == &socket_ops ? file->own : NULL;
}

long __rt_socket_install(struct rt_socket *s, int flags)
{
	struct rt_file *f = __rt_file_new(&socket_ops);

	if (!f) {
		__rt_socket_drop(s);
		return -ENFILE;
	}
	f->own = s;
	f->flags = O_RDWR | (flags & SOCK_NONBLOCK);
	s->file = f;
	return __rt_file_install(f, flags);
}

long __rt_socket_get(int fd, struct rt_socket **to)
{
	struct rt_file *f = __rt_file(fd);

	if (!f || (f->flags & O_PATH))
		return -EBADF;
	*to = __rt_file_socket(f);
	if (!*to)
		return -ENOTSOCK;
	__rt_file_hold(f);
	return 0;
}

void __rt_socket_put(struct rt_socket *s)
{
	__rt_file_put(s->file);
}

uint64_t __rt_socket_until(const struct rt_socket *s, int flags,
			   uint64_t timeout_ns)
{
	if ((s->file->flags & O_NONBLOCK) || (flags & MSG_DONTWAIT))
		return 0;
	return timeout_ns ? __rt_monotonic_ns() + timeout_ns : RT_NEVER;
}
