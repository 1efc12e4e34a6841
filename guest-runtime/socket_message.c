/* SPDX-License-Identifier: ISC */
/*
 * send(2) and recv(2) in all their forms. MSG_DONTWAIT and MSG_NOSIGNAL are
 * done here; the other flags are the family's.
 */
#include <errno.h>
#include <string.h>

#include "file_poll.h"
#include "pipe.h"
#include "rt_syscall.h"
#include "runtime.h"
#include "socket_file.h"

#define LAYER_FLAGS (MSG_DONTWAIT | MSG_NOSIGNAL | MSG_WAITFORONE)

long __rt_socket_send(struct rt_socket *s, struct rt_message *m, int flags)
{
	long n;

	if (!s->ops->send)
		return -EOPNOTSUPP;
	m->flags = flags & ~LAYER_FLAGS;
	n = s->ops->send(s, m, __rt_socket_until(s, flags, s->send_timeout_ns));
	if (n == -EPIPE && s->type == SOCK_STREAM && !(flags & MSG_NOSIGNAL))
		__rt_broken_pipe();
	return n;
}

long __rt_socket_receive(struct rt_socket *s, struct rt_message *m, int flags)
{
	if (!s->ops->receive)
		return -EOPNOTSUPP;
	m->flags = flags & ~LAYER_FLAGS;
	m->out_flags = 0;
	return s->ops->receive(
		s, m, __rt_socket_until(s, flags, s->receive_timeout_ns));
}

long __rt_sys_sendto(int fd, const void *data, size_t bytes, int flags,
		     const void *to, unsigned to_bytes)
{
	const struct iovec iov = {(void *)(uintptr_t)data, bytes};
	struct rt_message m = {
		.iov = &iov,
		.iov_count = 1,
		.bytes = bytes,
		.to = to,
		.name_bytes = to ? to_bytes : 0,
	};
	struct rt_socket *s;
	long n = __rt_socket_get(fd, &s);

	if (n)
		return n;
	n = m.name_bytes > sizeof(struct sockaddr_storage)
		    ? -EINVAL
		    : __rt_socket_send(s, &m, flags);
	__rt_socket_put(s);
	return n;
}

static long send_message(struct rt_socket *s, const struct msghdr *h, int flags)
{
	long bytes = __rt_iov_bytes(h->msg_iov, h->msg_iovlen);
	struct rt_message m = {
		.iov = h->msg_iov,
		.iov_count = h->msg_iovlen,
		.bytes = (size_t)bytes,
		.to = h->msg_name,
		.name_bytes = h->msg_name ? h->msg_namelen : 0,
		.control = h->msg_control,
		.control_bytes = h->msg_control ? h->msg_controllen : 0,
	};

	if (bytes < 0)
		return -EMSGSIZE;
	if (m.name_bytes > sizeof(struct sockaddr_storage))
		return -EINVAL;
	return __rt_socket_send(s, &m, flags);
}

static long receive_message(struct rt_socket *s, struct msghdr *h, int flags)
{
	long bytes = __rt_iov_bytes(h->msg_iov, h->msg_iovlen), n;
	struct sockaddr_storage from;
	struct rt_message m = {
		.iov = h->msg_iov,
		.iov_count = h->msg_iovlen,
		.bytes = (size_t)bytes,
		.from = h->msg_name ? (struct sockaddr *)&from : NULL,
		.name_bytes = sizeof(from),
		.control = h->msg_control,
		.control_bytes = h->msg_control ? h->msg_controllen : 0,
	};

	if (bytes < 0)
		return -EMSGSIZE;
	n = __rt_socket_receive(s, &m, flags);
	if (n < 0)
		return n;
	if (h->msg_name) {
		memcpy(h->msg_name, &from,
		       m.name_bytes < h->msg_namelen ? m.name_bytes
						     : h->msg_namelen);
		h->msg_namelen = m.name_bytes;
	}
	h->msg_controllen = (socklen_t)m.control_bytes;
	h->msg_flags = m.out_flags | (flags & MSG_CMSG_CLOEXEC);
	return n;
}

long __rt_sys_recvfrom(int fd, void *data, size_t bytes, int flags, void *name,
		       unsigned *name_bytes)
{
	struct iovec iov = {data, bytes};
	struct msghdr h = {
		.msg_name = name,
		.msg_namelen = name ? *name_bytes : 0,
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	struct rt_socket *s;
	long n = __rt_socket_get(fd, &s);

	if (n)
		return n;
	n = receive_message(s, &h, flags);
	if (n >= 0 && name)
		*name_bytes = h.msg_namelen;
	__rt_socket_put(s);
	return n;
}

long __rt_sys_sendmsg(int fd, const struct msghdr *h, int flags)
{
	struct rt_socket *s;
	long n = __rt_socket_get(fd, &s);

	if (n)
		return n;
	n = send_message(s, h, flags);
	__rt_socket_put(s);
	return n;
}

long __rt_sys_recvmsg(int fd, struct msghdr *h, int flags)
{
	struct rt_socket *s;
	long n = __rt_socket_get(fd, &s);

	if (n)
		return n;
	n = receive_message(s, h, flags);
	__rt_socket_put(s);
	return n;
}

long __rt_sys_sendmmsg(int fd, struct mmsghdr *list, unsigned count, int flags)
{
	struct rt_socket *s;
	unsigned done = 0;
	long n = __rt_socket_get(fd, &s);

	if (n)
		return n;
	for (; done < count && done < 1024; done++) {
		n = send_message(s, &list[done].msg_hdr, flags);
		if (n < 0)
			break;
		list[done].msg_len = (unsigned)n;
	}
	__rt_socket_put(s);
	return done ? (long)done : n;
}

long __rt_sys_recvmmsg(int fd, struct mmsghdr *list, unsigned count, int flags,
		       struct timespec *timeout)
{
	struct rt_socket *s;
	uint64_t deadline_ns;
	unsigned done = 0;
	long n = __rt_deadline(timeout, &deadline_ns);

	if (!n)
		n = __rt_socket_get(fd, &s);
	if (n)
		return n;
	/* As on Linux, @timeout ends this only when a message has come. */
	while (done < count && done < 1024) {
		n = receive_message(s, &list[done].msg_hdr, flags);
		if (n < 0)
			break;
		list[done++].msg_len = (unsigned)n;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if (timeout && __rt_monotonic_ns() >= deadline_ns)
			break;
	}
	__rt_time_left(timeout, deadline_ns);
	__rt_socket_put(s);
	return done ? (long)done : n;
}
