/* SPDX-License-Identifier: ISC */
/* Sockets' names and connections. */
#include <errno.h>
#include <string.h>

#include "rt_syscall.h"
#include "socket_file.h"

/* As much of a name as there is room for; *bytes becomes all of it. */
static void give_name(const struct sockaddr_storage *name, socklen_t all,
		      void *to, socklen_t *bytes)
{
	memcpy(to, name, *bytes < all ? *bytes : all);
	*bytes = all;
}

static int is_too_long(socklen_t bytes)
{
	return bytes > sizeof(struct sockaddr_storage);
}

long __rt_sys_bind(int fd, const void *name, unsigned bytes)
{
	struct rt_socket *s;
	long err = __rt_socket_get(fd, &s);

	if (err)
		return err;
	if (is_too_long(bytes))
		err = -EINVAL;
	else
		err = s->ops->bind ? s->ops->bind(s, name, bytes) : -EOPNOTSUPP;
	__rt_socket_put(s);
	return err;
}

long __rt_sys_listen(int fd, int backlog)
{
	struct rt_socket *s;
	long err = __rt_socket_get(fd, &s);

	if (err)
		return err;
	if (backlog < 0 || backlog > SOMAXCONN)
		backlog = SOMAXCONN;
	err = s->ops->listen ? s->ops->listen(s, backlog) : -EOPNOTSUPP;
	__rt_socket_put(s);
	return err;
}

static long accept_one(struct rt_socket *s, void *name, socklen_t *bytes,
		       int flags)
{
	struct sockaddr_storage peer;
	struct rt_socket *made;
	socklen_t all;
	long err, fd;

	if (!s->ops->accept)
		return -EOPNOTSUPP;
	err = s->ops->accept(s, &made,
			     __rt_socket_until(s, 0, s->receive_timeout_ns));
	if (err)
		return err;
	fd = __rt_socket_install(made, flags);
	if (fd < 0 || !name)
		return fd;
	memset(&peer, 0, sizeof(peer));
	err = made->ops->name(made, 1, &peer, &all);
	if (err) {
		/* It has gone already: the name is not known any more. */
		peer.ss_family = (sa_family_t)made->domain;
		all = sizeof(peer.ss_family);
	}
	give_name(&peer, all, name, bytes);
	return fd;
}

long __rt_sys_accept4(int fd, void *name, unsigned *bytes, int flags)
{
	struct rt_socket *s;
	long n;

	if (flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC))
		return -EINVAL;
	n = __rt_socket_get(fd, &s);
	if (n)
		return n;
	n = accept_one(s, name, bytes, flags);
	__rt_socket_put(s);
	return n;
}

long __rt_sys_accept(int fd, void *name, unsigned *bytes)
{
	return __rt_sys_accept4(fd, name, bytes, 0);
}

long __rt_sys_connect(int fd, const void *name, unsigned bytes)
{
	struct rt_socket *s;
	long err = __rt_socket_get(fd, &s);

	if (err)
		return err;
	if (is_too_long(bytes) || bytes < sizeof(sa_family_t))
		err = -EINVAL;
	else if (!s->ops->connect)
		err = -EOPNOTSUPP;
	else
		err = s->ops->connect(
			s, name, bytes,
			__rt_socket_until(s, 0, s->send_timeout_ns));
	__rt_socket_put(s);
	return err;
}

static long tell_name(int fd, int peer, void *to, socklen_t *bytes)
{
	struct sockaddr_storage name;
	struct rt_socket *s;
	socklen_t all;
	long err = __rt_socket_get(fd, &s);

	if (err)
		return err;
	memset(&name, 0, sizeof(name));
	err = *bytes > INT32_MAX ? -EINVAL : s->ops->name(s, peer, &name, &all);
	if (!err)
		give_name(&name, all, to, bytes);
	__rt_socket_put(s);
	return err;
}

long __rt_sys_getsockname(int fd, void *to, unsigned *bytes)
{
	return tell_name(fd, 0, to, bytes);
}

long __rt_sys_getpeername(int fd, void *to, unsigned *bytes)
{
	return tell_name(fd, 1, to, bytes);
}

long __rt_sys_shutdown(int fd, int how)
{
	struct rt_socket *s;
	long err = __rt_socket_get(fd, &s);

	if (err)
		return err;
	if (how < SHUT_RD || how > SHUT_RDWR)
		err = -EINVAL;
	else
		err = s->ops->shutdown ? s->ops->shutdown(s, how) : -EOPNOTSUPP;
	__rt_socket_put(s);
	return err;
}
