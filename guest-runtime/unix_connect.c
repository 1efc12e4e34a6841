/* SPDX-License-Identifier: ISC */
/* Connections of AF_UNIX sockets. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "unix.h"

static long check_name(const struct sockaddr *name, socklen_t bytes)
{
	if (bytes < sizeof(sa_family_t) || bytes > sizeof(struct sockaddr_un))
		return -EINVAL;
	return name->sa_family == AF_UNIX ? 0 : -EINVAL;
}

long __rt_unix_bind(struct rt_socket *s, const struct sockaddr *name,
		    socklen_t bytes)
{
	struct rt_unix *u = s->own;
	long err = check_name(name, bytes);

	if (err)
		return err;
	return __rt_unix_names
		       ? __rt_unix_names->bind(u, (const void *)name, bytes)
		       : -EOPNOTSUPP;
}

long __rt_unix_listen(struct rt_socket *s, int backlog)
{
	struct rt_unix *u = s->own;

	if (u->type == SOCK_DGRAM)
		return -EOPNOTSUPP;
	if (!u->name_bytes || u->state == RT_UNIX_CONNECTED)
		return -EINVAL;
	u->state = RT_UNIX_LISTENING;
	u->backlog = (unsigned)backlog;
	s->is_listening = 1;
	__rt_waitq_wake(&u->room, RT_WAKE_ALL);
	return 0;
}

long __rt_unix_accept(struct rt_socket *s, struct rt_socket **to,
		      uint64_t until_ns)
{
	struct rt_unix *u = s->own, *w;
	long err;

	if (u->type == SOCK_DGRAM)
		return -EOPNOTSUPP;
	if (u->state != RT_UNIX_LISTENING)
		return -EINVAL;
	while (!u->waiting) {
		if (u->shut & RT_UNIX_READS)
			return -EINVAL;
		err = __rt_socket_wait(s, until_ns);
		if (err)
			return err;
	}
	*to = __rt_socket_new(s->domain, s->type, s->protocol);
	if (!*to)
		return -ENOMEM;
	w = u->waiting;
	u->waiting = w->next;
	u->waiting_count--;
	__rt_waitq_wake(&u->room, RT_WAKE_ALL);
	w->socket = *to;
	(*to)->own = w;
	(*to)->ops = &__rt_unix_ops;
	return 0;
}

/* Makes @u, a stream or one of messages, the client of the listener @to. */
static long join(struct rt_unix *u, struct rt_unix *to)
{
	struct rt_unix *w = __rt_unix_new(u->type), **at = &to->waiting;

	if (!w)
		return -ENOMEM;
	w->state = u->state = RT_UNIX_CONNECTED;
	w->peer = __rt_unix_hold(u);
	u->peer = __rt_unix_hold(w);
	w->name = to->name;
	w->name_bytes = to->name_bytes;
	while (*at)
		at = &(*at)->next;
	*at = w;
	to->waiting_count++;
	__rt_unix_wake(to, POLLIN | POLLRDNORM);
	__rt_unix_wake(u, 0);
	return 0;
}

/* Waits until the listener has room for one more. */
static long wait_for_room(struct rt_unix *to, uint64_t until_ns)
{
	long err = 0;

	__rt_unix_hold(to);
	while (!err) {
		if (to->state != RT_UNIX_LISTENING || to->is_closed ||
		    (to->shut & RT_UNIX_READS))
			err = -ECONNREFUSED;
		else if (to->waiting_count <= to->backlog)
			break;
		else if (!until_ns)
			err = -EAGAIN;
		else
			err = __rt_wait_on(&to->room, until_ns);
	}
	__rt_unix_put(to);
	return err == -ETIMEDOUT ? -EAGAIN : err;
}

static long connect_stream(struct rt_unix *u, const struct sockaddr_un *name,
			   socklen_t bytes, uint64_t until_ns)
{
	struct rt_unix *to;
	long err;

	if (!__rt_unix_names)
		return -ECONNREFUSED;
	err = __rt_unix_names->find(name, bytes, u->type, &to);
	if (!err)
		err = wait_for_room(to, until_ns);
	if (err)
		return err;
	/* Another thread may have done the same meanwhile. */
	if (u->state == RT_UNIX_LISTENING)
		return -EINVAL;
	if (u->state == RT_UNIX_CONNECTED)
		return -EISCONN;
	return join(u, to);
}

/* Sets where messages go and come from; NULL: anywhere. */
static void set_peer(struct rt_unix *u, struct rt_unix *to)
{
	struct rt_unix *old = u->peer;

	u->peer = to ? __rt_unix_hold(to) : NULL;
	u->state = to ? RT_UNIX_CONNECTED : RT_UNIX_NEW;
	if (old)
		__rt_unix_put(old);
}

static long connect_dgram(struct rt_unix *u, const struct sockaddr_un *name,
			  socklen_t bytes)
{
	struct rt_unix *to;
	long err;

	err = __rt_unix_names ? __rt_unix_names->find(name, bytes, u->type, &to)
			      : -ECONNREFUSED;
	if (err)
		return err;
	if (to->peer && to->peer != u)
		return -EPERM;
	set_peer(u, to);
	return 0;
}

long __rt_unix_connect(struct rt_socket *s, const struct sockaddr *name,
		       socklen_t bytes, uint64_t until_ns)
{
	struct rt_unix *u = s->own;
	long err;

	if (u->type == SOCK_DGRAM && name->sa_family == AF_UNSPEC) {
		set_peer(u, NULL);
		return 0;
	}
	err = check_name(name, bytes);
	if (err)
		return err;
	if (u->type == SOCK_DGRAM)
		return connect_dgram(u, (const void *)name, bytes);
	return connect_stream(u, (const void *)name, bytes, until_ns);
}
