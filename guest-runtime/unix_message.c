/* SPDX-License-Identifier: ISC */
/* What AF_UNIX sockets send and receive. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "unix.h"
#include "vnode.h"

#define PIECE_BYTES 32768UL /* of a stream, at most in one packet */
#define READABLE    (POLLIN | POLLRDNORM)
#define WRITABLE    (POLLOUT | POLLWRNORM | POLLWRBAND)

/* What a packet counts as. */
static size_t cost(const struct rt_unix_packet *p)
{
	return sizeof(*p) + p->bytes;
}

void __rt_unix_drop_packet(struct rt_unix *u)
{
	struct rt_unix_packet *p = u->first;
	struct rt_unix *from = p->from;

	u->first = p->next;
	if (!u->first)
		u->last = NULL;
	u->queued -= p->bytes - p->read;
	from->sent -= cost(p);
	if (from->socket && from->sent * 4 <= (size_t)from->socket->send_bytes)
		__rt_unix_wake(from, WRITABLE);
	__rt_unix_put(from);
	if (p->files)
		__rt_unix_drop_files(p->files, p->file_count);
	__rt_free(p);
}

/* Copies @bytes of a list, on from @done, from or to @data. */
static void copy(const struct iovec *iov, size_t done, char *data, size_t bytes,
		 int to_list)
{
	for (; bytes; iov++) {
		size_t n = iov->iov_len;
		char *at = (char *)iov->iov_base + done;

		if (done >= n) {
			done -= n;
			continue;
		}
		n = n - done < bytes ? n - done : bytes;
		if (to_list)
			memcpy(at, data, n);
		else
			memcpy(data, at, n);
		data += n;
		bytes -= n;
		done = 0;
	}
}

/* @bytes of @m, on from @done, come to the end @to. */
static long put_packet(struct rt_unix *from, struct rt_unix *to,
		       const struct rt_message *m, size_t done, size_t bytes,
		       struct rt_file **files, unsigned file_count)
{
	struct rt_unix_packet *p = __rt_malloc(sizeof(*p) + bytes);

	if (!p)
		return -ENOBUFS;
	*p = (struct rt_unix_packet){
		.from = __rt_unix_hold(from),
		.files = files,
		.file_count = file_count,
		.bytes = bytes,
	};
	copy(m->iov, done, p->data, bytes, 0);
	from->sent += cost(p);
	*(to->last ? &to->last->next : &to->first) = p;
	to->last = p;
	to->queued += bytes;
	__rt_unix_wake(to, READABLE);
	return 0;
}

/* Whether a stream, or a connection of messages, can be written to. */
static long check_connected(const struct rt_unix *u)
{
	if (u->shut & RT_UNIX_WRITES)
		return -EPIPE;
	if (!u->peer)
		return -ENOTCONN;
	if (u->peer->is_closed || (u->peer->shut & RT_UNIX_READS))
		return -EPIPE;
	return 0;
}

static long send_stream(struct rt_socket *s, const struct rt_message *m,
			struct rt_file **files, unsigned file_count,
			uint64_t until_ns)
{
	struct rt_unix *u = s->own;
	size_t done = 0;
	long err = 0;

	while (done < m->bytes) {
		size_t n = m->bytes - done;

		err = check_connected(u);
		if (err)
			break;
		if (u->sent >= (size_t)s->send_bytes) {
			err = __rt_socket_wait(s, until_ns);
			if (err)
				break;
			continue;
		}
		n = n < PIECE_BYTES ? n : PIECE_BYTES;
		err = put_packet(u, u->peer, m, done, n, files, file_count);
		if (err)
			break;
		files = NULL;
		file_count = 0;
		done += n;
	}
	if (files)
		__rt_unix_drop_files(files, file_count);
	if (!m->bytes)
		err = check_connected(u);
	return done ? (long)done : err;
}

/* Where a message goes, with a reference. */
static long receiver(struct rt_unix *u, const struct rt_message *m,
		     struct rt_unix **to)
{
	long err;

	*to = u->peer;
	if (m->to && u->type == SOCK_DGRAM) {
		err = __rt_unix_names
			      ? __rt_unix_names->find((const void *)m->to,
						      m->name_bytes, u->type,
						      to)
			      : -ECONNREFUSED;
		if (err)
			return err;
	} else if (!u->peer) {
		return -ENOTCONN;
	} else if (u->peer->is_closed && u->type == SOCK_DGRAM) {
		/* Told once. */
		__rt_unix_put(u->peer);
		u->peer = NULL;
		u->state = RT_UNIX_NEW;
		return -ECONNREFUSED;
	}
	__rt_unix_hold(*to);
	return 0;
}

/* Whether @u may send to an end, now. */
static long check_receiver(const struct rt_unix *u, const struct rt_unix *to)
{
	if (u->shut & RT_UNIX_WRITES)
		return -EPIPE;
	if (to->is_closed)
		return u->type == SOCK_DGRAM ? -ECONNREFUSED : -EPIPE;
	if (to->shut & RT_UNIX_READS)
		return -EPIPE;
	/* One that has chosen whom it talks to hears nobody else. */
	if (u->type == SOCK_DGRAM && to->peer && to->peer != u)
		return -EPERM;
	return 0;
}

static long send_packet(struct rt_socket *s, const struct rt_message *m,
			struct rt_file **files, unsigned file_count,
			uint64_t until_ns)
{
	struct rt_unix *u = s->own, *to;
	long err = -EMSGSIZE;

	if (m->bytes > (size_t)s->send_bytes - 32)
		goto drop_files;
	err = receiver(u, m, &to);
	if (err)
		goto drop_files;
	for (;;) {
		err = check_receiver(u, to);
		if (err || u->sent < (size_t)s->send_bytes)
			break;
		err = __rt_socket_wait(s, until_ns);
		if (err)
			break;
	}
	if (!err)
		err = put_packet(u, to, m, 0, m->bytes, files, file_count);
	if (!err)
		files = NULL;
	__rt_unix_put(to);
drop_files:
	if (files)
		__rt_unix_drop_files(files, file_count);
	return err ? err : (long)m->bytes;
}

long __rt_unix_send(struct rt_socket *s, struct rt_message *m,
		    uint64_t until_ns)
{
	const struct rt_unix *u = s->own;
	struct rt_file **files;
	unsigned file_count;
	long err;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (!m->name_bytes)
		m->to = NULL;
	if (m->to && u->type == SOCK_STREAM)
		return u->state == RT_UNIX_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	err = __rt_unix_take_files(m, &files, &file_count);
	if (err)
		return err;
	if (u->type == SOCK_STREAM)
		return send_stream(s, m, files, file_count, until_ns);
	return send_packet(s, m, files, file_count, until_ns);
}

/* Until there is something to read: 1. 0 at the end, or -errno. */
static long wait_for_packet(struct rt_socket *s, uint64_t until_ns)
{
	const struct rt_unix *u = s->own;
	long err;

	while (!u->first) {
		err = __rt_socket_error(s);
		if (err)
			return err;
		/* As Linux, whose messages have no end where nobody waits. */
		if (u->shut & RT_UNIX_READS)
			return u->type == SOCK_DGRAM && !until_ns ? -EAGAIN : 0;
		err = __rt_socket_wait(s, until_ns);
		if (err)
			return err;
	}
	return 1;
}

/* Moves what the packet @p holds into the rest of @m. */
static size_t take(struct rt_unix *u, struct rt_unix_packet *p,
		   const struct rt_message *m, size_t done)
{
	size_t n = p->bytes - p->read;

	n = n < m->bytes - done ? n : m->bytes - done;
	copy(m->iov, done, p->data + p->read, n, 1);
	if (m->flags & MSG_PEEK)
		return n;
	p->read += n;
	u->queued -= n;
	if (p->read == p->bytes)
		__rt_unix_drop_packet(u);
	return n;
}

/* What is there, up to the end of a packet with files. */
static size_t take_stream(struct rt_unix *u, struct rt_message *m, size_t done,
			  int *has_control)
{
	struct rt_unix_packet *p = u->first, *next;
	size_t all = 0, n;

	for (; p && done + all < m->bytes; p = next) {
		int has_files = p->file_count != 0;

		next = p->next;
		if (has_files) {
			__rt_unix_give_control(
				m, p, __rt_socket_has(u->socket, SO_PASSCRED));
			*has_control = 1;
			if (!(m->flags & MSG_PEEK)) {
				__rt_unix_drop_files(p->files, p->file_count);
				p->files = NULL;
				p->file_count = 0;
			}
		}
		n = take(u, p, m, done + all);
		all += n;
		if (has_files)
			break;
	}
	return all;
}

static long receive_stream(struct rt_socket *s, struct rt_message *m,
			   uint64_t until_ns)
{
	struct rt_unix *u = s->own;
	int has_control = 0;
	size_t done = 0;
	long err = 0;

	if (u->state != RT_UNIX_CONNECTED)
		return -EINVAL;
	do {
		err = wait_for_packet(s, until_ns);
		if (err <= 0)
			break;
		done += take_stream(u, m, done, &has_control);
		if (has_control || (m->flags & MSG_PEEK))
			break;
	} while ((m->flags & MSG_WAITALL) && done < m->bytes);
	if (err < 0 && !done)
		return err;
	if (!has_control)
		__rt_unix_give_control(m, NULL,
				       done && __rt_socket_has(s, SO_PASSCRED));
	return (long)done;
}

static void give_name(struct rt_message *m, const struct rt_unix *from)
{
	m->name_bytes = from->name_bytes;
	if (from->name_bytes)
		memcpy(m->from, &from->name, from->name_bytes);
}

static long receive_packet(struct rt_socket *s, struct rt_message *m,
			   uint64_t until_ns)
{
	struct rt_unix *u = s->own;
	struct rt_unix_packet *p;
	size_t n;
	long err;

	if (u->type == SOCK_SEQPACKET && u->state != RT_UNIX_CONNECTED)
		return -ENOTCONN;
	err = wait_for_packet(s, until_ns);
	if (err <= 0) {
		m->control_bytes = 0;
		return err;
	}
	p = u->first;
	n = p->bytes < m->bytes ? p->bytes : m->bytes;
	copy(m->iov, 0, p->data, n, 1);
	if (n < p->bytes) {
		m->out_flags |= MSG_TRUNC;
		if (m->flags & MSG_TRUNC)
			n = p->bytes;
	}
	if (m->from)
		give_name(m, p->from);
	__rt_unix_give_control(m, p, __rt_socket_has(s, SO_PASSCRED));
	if (!(m->flags & MSG_PEEK))
		__rt_unix_drop_packet(u);
	return (long)n;
}

long __rt_unix_receive(struct rt_socket *s, struct rt_message *m,
		       uint64_t until_ns)
{
	const struct rt_unix *u = s->own;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	m->name_bytes = 0;
	return u->type == SOCK_STREAM ? receive_stream(s, m, until_ns)
				      : receive_packet(s, m, until_ns);
}
