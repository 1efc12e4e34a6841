/* SPDX-License-Identifier: ISC */
/* setsockopt(2), getsockopt(2): what is the same for all families. */
#include <errno.h>
#include <string.h>
#include <sys/time.h>

#include "rt_syscall.h"
#include "socket_file.h"

/* As Linux's net.core.wmem_max, and the least it gives. */
#define MOST_BYTES	    212992
#define LEAST_SEND_BYTES    4608
#define LEAST_RECEIVE_BYTES 2304

#define NS_PER_S  1000000000UL
#define US_PER_S  1000000L
#define NS_PER_US 1000UL

/* Those that are only remembered, and are on or off. */
static int is_switch(int name)
{
	switch (name) {
	case SO_REUSEADDR:
	case SO_REUSEPORT:
	case SO_KEEPALIVE:
	case SO_BROADCAST:
	case SO_OOBINLINE:
	case SO_DONTROUTE:
	case SO_PASSCRED:
	case SO_TIMESTAMP:
		return 1;
	default:
		return 0;
	}
}

/* Linux books twice what is asked, for what belongs to the data. */
static int buffer_bytes(int asked, int least)
{
	asked = asked < 0 || asked > MOST_BYTES ? MOST_BYTES : asked;
	return asked * 2 < least ? least : asked * 2;
}

static long set_timeout(uint64_t *to_ns, const void *value, socklen_t bytes)
{
	struct timeval t;

	if (bytes < sizeof(t))
		return -EINVAL;
	memcpy(&t, value, sizeof(t));
	if (t.tv_usec < 0 || t.tv_usec >= US_PER_S)
		return -EDOM;
	/* Centuries are for ever, which is 0. */
	if (t.tv_sec < 0 || t.tv_sec > INT32_MAX)
		t = (struct timeval){0};
	*to_ns =
		(uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_usec * NS_PER_US;
	return 0;
}

static long set_generic(struct rt_socket *s, int name, const void *value,
			socklen_t bytes)
{
	int n = 0;

	switch (name) {
	case SO_RCVTIMEO:
		return set_timeout(&s->receive_timeout_ns, value, bytes);
	case SO_SNDTIMEO:
		return set_timeout(&s->send_timeout_ns, value, bytes);
	case SO_LINGER:
		if (bytes < sizeof(s->linger))
			return -EINVAL;
		memcpy(&s->linger, value, sizeof(s->linger));
		s->options &= ~(1u << SO_LINGER);
		s->options |= (s->linger.l_onoff != 0) * (1u << SO_LINGER);
		return 0;
	default:
		break;
	}
	if (bytes < sizeof(n))
		return -EINVAL;
	memcpy(&n, value, sizeof(n));
	if (is_switch(name)) {
		s->options &= ~(1u << name);
		s->options |= (n != 0) * (1u << name);
		return 0;
	}
	switch (name) {
	case SO_SNDBUF:
		s->send_bytes = buffer_bytes(n, LEAST_SEND_BYTES);
		return 0;
	case SO_RCVBUF:
		s->receive_bytes = buffer_bytes(n, LEAST_RECEIVE_BYTES);
		return 0;
	case SO_PRIORITY:
		s->priority = n;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

long __rt_sys_setsockopt(int fd, int level, int name, const void *value,
			 unsigned bytes)
{
	struct rt_socket *s;
	long err = __rt_socket_get(fd, &s);

	if (err)
		return err;
	err = -ENOPROTOOPT;
	if ((int)bytes < 0)
		err = -EINVAL;
	else if (s->ops->set_option)
		err = s->ops->set_option(s, level, name, value, bytes);
	/* Nothing against it, or nothing of the family's. */
	if ((err == -ENOPROTOOPT || !err) && level == SOL_SOCKET) {
		long generic = set_generic(s, name, value, bytes);

		err = err && generic ? generic : 0;
	}
	__rt_socket_put(s);
	return err;
}

static struct timeval to_timeval(uint64_t ns)
{
	return (struct timeval){(time_t)(ns / NS_PER_S),
				(suseconds_t)(ns % NS_PER_S / NS_PER_US)};
}

static long give(const void *from, size_t bytes, void *to, socklen_t *room)
{
	if (*room > bytes)
		*room = (socklen_t)bytes;
	memcpy(to, from, *room);
	return 0;
}

static long get_generic(struct rt_socket *s, int name, void *value,
			socklen_t *bytes)
{
	struct timeval t;
	struct linger linger;
	int n = 0;

	switch (name) {
	case SO_RCVTIMEO:
	case SO_SNDTIMEO:
		t = to_timeval(name == SO_RCVTIMEO ? s->receive_timeout_ns
						   : s->send_timeout_ns);
		return give(&t, sizeof(t), value, bytes);
	case SO_LINGER:
		linger.l_onoff = __rt_socket_has(s, SO_LINGER);
		linger.l_linger = s->linger.l_linger;
		return give(&linger, sizeof(linger), value, bytes);
	case SO_TYPE:
		n = s->type;
		break;
	case SO_DOMAIN:
		n = s->domain;
		break;
	case SO_PROTOCOL:
		n = s->protocol;
		break;
	case SO_ERROR:
		n = (int)-__rt_socket_error(s);
		break;
	case SO_ACCEPTCONN:
		n = s->is_listening;
		break;
	case SO_SNDBUF:
		n = s->send_bytes;
		break;
	case SO_RCVBUF:
		n = s->receive_bytes;
		break;
	case SO_PRIORITY:
		n = s->priority;
		break;
	default:
		if (!is_switch(name))
			return -ENOPROTOOPT;
		n = __rt_socket_has(s, name);
		break;
	}
	return give(&n, sizeof(n), value, bytes);
}

long __rt_sys_getsockopt(int fd, int level, int name, void *value,
			 unsigned *bytes)
{
	struct rt_socket *s;
	long err = __rt_socket_get(fd, &s);

	if (err)
		return err;
	err = -ENOPROTOOPT;
	if ((int)*bytes < 0)
		err = -EINVAL;
	else if (s->ops->get_option)
		err = s->ops->get_option(s, level, name, value, bytes);
	if (err == -ENOPROTOOPT && level == SOL_SOCKET)
		err = get_generic(s, name, value, bytes);
	__rt_socket_put(s);
	return err;
}
