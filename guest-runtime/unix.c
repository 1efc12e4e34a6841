/* SPDX-License-Identifier: ISC */
#include "unix.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "rt_syscall.h"
#include "vnode.h"

#ifndef SIOCOUTQ
#define SIOCOUTQ 0x5411
#endif

#define READABLE (POLLIN | POLLRDNORM)
#define WRITABLE (POLLOUT | POLLWRNORM | POLLWRBAND)

const struct rt_unix_names *__rt_unix_names;
void (*__rt_unix_closed)(void);

struct rt_unix *__rt_unix_new(int type)
{
	struct rt_unix *u = __rt_calloc(1, sizeof(*u));

	if (u) {
		u->refs = 1;
		u->type = type;
	}
	return u;
}

struct rt_unix *__rt_unix_hold(struct rt_unix *u)
{
	u->refs++;
	return u;
}

void __rt_unix_put(struct rt_unix *u)
{
	if (!--u->refs)
		__rt_free(u);
}

void __rt_unix_wake(struct rt_unix *u, unsigned events)
{
	if (u->socket)
		__rt_waitq_wake_for(&u->socket->changed, events);
}

/* The other end of a connection is told that this one is no more. */
static void part(struct rt_unix *u, int data_is_lost)
{
	struct rt_unix *peer = u->peer;

	u->peer = NULL;
	if (u->type != SOCK_DGRAM) {
		peer->shut = RT_UNIX_READS | RT_UNIX_WRITES;
		if (data_is_lost && peer->socket)
			peer->socket->error = ECONNRESET;
		__rt_unix_wake(peer, 0);
	}
	__rt_unix_put(peer);
}

void __rt_unix_close(struct rt_unix *u)
{
	int data_is_lost = u->first != NULL || !u->socket;

	u->is_closed = 1;
	u->shut = RT_UNIX_READS | RT_UNIX_WRITES;
	u->socket = NULL;
	if (__rt_unix_names)
		__rt_unix_names->unbind(u);
	while (u->waiting) {
		struct rt_unix *w = u->waiting;

		u->waiting = w->next;
		__rt_unix_close(w);
	}
	if (u->peer)
		part(u, data_is_lost);
	while (u->first)
		__rt_unix_drop_packet(u);
	__rt_waitq_wake(&u->room, RT_WAKE_ALL);
	__rt_unix_put(u);
}

static void unix_release(struct rt_socket *s)
{
	struct rt_unix *u = s->own;

	s->own = NULL;
	__rt_unix_close(u);
	if (__rt_unix_closed)
		__rt_unix_closed();
}

static long unix_name(struct rt_socket *s, int peer,
		      struct sockaddr_storage *to, socklen_t *bytes)
{
	const struct rt_unix *u = s->own;

	if (peer)
		u = u->peer;
	if (!u)
		return -ENOTCONN;
	to->ss_family = AF_UNIX;
	*bytes = sizeof(sa_family_t);
	if (u->name_bytes) {
		memcpy(to, &u->name, u->name_bytes);
		*bytes = u->name_bytes;
	}
	return 0;
}

static long unix_shutdown(struct rt_socket *s, int how)
{
	struct rt_unix *u = s->own, *peer = u->peer;
	int shut = how + 1; /* SHUT_RD, SHUT_WR, SHUT_RDWR */

	u->shut |= shut;
	if (peer && u->type != SOCK_DGRAM) {
		peer->shut |= shut & RT_UNIX_READS ? RT_UNIX_WRITES : 0;
		peer->shut |= shut & RT_UNIX_WRITES ? RT_UNIX_READS : 0;
		__rt_unix_wake(peer, 0);
	}
	__rt_unix_wake(u, 0);
	return 0;
}

static unsigned unix_poll(struct rt_socket *s)
{
	const struct rt_unix *u = s->own;
	const int all = RT_UNIX_READS | RT_UNIX_WRITES;
	unsigned events = s->error ? POLLERR : 0;

	if (u->shut & RT_UNIX_READS)
		events |= POLLRDHUP | READABLE;
	if (u->shut == all)
		events |= POLLHUP;
	if (u->first || u->waiting)
		events |= READABLE;
	if (u->state == RT_UNIX_NEW && u->type != SOCK_DGRAM)
		events |= POLLHUP;
	/* As Linux: three quarters of what may be under way are free. */
	if (u->state != RT_UNIX_LISTENING &&
	    u->sent * 4 <= (size_t)s->send_bytes)
		events |= WRITABLE;
	return events;
}

static long unix_ioctl(struct rt_socket *s, unsigned request, void *arg)
{
	const struct rt_unix *u = s->own;

	switch (request) {
	case FIONREAD:
		if (u->state == RT_UNIX_LISTENING)
			return -EINVAL;
		if (u->type == SOCK_DGRAM)
			*(int *)arg = u->first ? (int)u->first->bytes : 0;
		else
			*(int *)arg = (int)u->queued;
		return 0;
	case SIOCOUTQ:
		*(int *)arg = (int)u->sent;
		return 0;
	default:
		return -ENOTTY;
	}
}

static long unix_set_option(struct rt_socket *s, int level, int name,
			    const void *value, socklen_t bytes)
{
	(void)s, (void)name, (void)value, (void)bytes;
	return level == SOL_SOCKET ? -ENOPROTOOPT : -EOPNOTSUPP;
}

/* There is one process, and it is root. */
static long unix_get_option(struct rt_socket *s, int level, int name,
			    void *value, socklen_t *bytes)
{
	const struct rt_unix *u = s->own;
	struct ucred peer = {.pid = 0, .uid = (uid_t)-1, .gid = (gid_t)-1};

	if (level != SOL_SOCKET)
		return -EOPNOTSUPP;
	if (name != SO_PEERCRED)
		return -ENOPROTOOPT;
	if (u->state != RT_UNIX_NEW && u->type != SOCK_DGRAM)
		peer = (struct ucred){.pid = (pid_t)__rt_sys_getpid()};
	if (*bytes > sizeof(peer))
		*bytes = sizeof(peer);
	memcpy(value, &peer, *bytes);
	return 0;
}

const struct rt_socket_ops __rt_unix_ops = {
	.bind = __rt_unix_bind,
	.listen = __rt_unix_listen,
	.accept = __rt_unix_accept,
	.connect = __rt_unix_connect,
	.name = unix_name,
	.send = __rt_unix_send,
	.receive = __rt_unix_receive,
	.shutdown = unix_shutdown,
	.set_option = unix_set_option,
	.get_option = unix_get_option,
	.poll = unix_poll,
	.ioctl = unix_ioctl,
	.release = unix_release,
};

long __rt_unix_create(struct rt_socket *s)
{
	struct rt_unix *u;

	if (s->protocol && s->protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	s->protocol = 0;
	/* As Linux: what is raw elsewhere are messages here. */
	if (s->type == SOCK_RAW)
		s->type = SOCK_DGRAM;
	if (s->type != SOCK_STREAM && s->type != SOCK_DGRAM &&
	    s->type != SOCK_SEQPACKET)
		return -ESOCKTNOSUPPORT;
	u = __rt_unix_new(s->type);
	if (!u)
		return -ENOMEM;
	u->socket = s;
	s->own = u;
	s->ops = &__rt_unix_ops;
	return 0;
}

long __rt_unix_pair(struct rt_socket *a, struct rt_socket *b)
{
	struct rt_unix *u, *v;
	long err = __rt_unix_create(a);

	if (!err)
		err = __rt_unix_create(b);
	if (err)
		return err;
	u = a->own;
	v = b->own;
	u->peer = __rt_unix_hold(v);
	v->peer = __rt_unix_hold(u);
	u->state = v->state = RT_UNIX_CONNECTED;
	return 0;
}
