/* SPDX-License-Identifier: ISC */
/* Data of TCP sockets. */
#include <errno.h>
#include <lwip/priv/tcp_priv.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>

#include "net.h"
#include "net_tcp.h"

/*
 * A received pbuf that is small is copied behind the one before it, or into
 * one with room for more: else a peer could make each byte cost a hundred.
 */
#define SMALL_BYTES  512
#define GATHER_BYTES 4096

static void append(struct net_tcp *tcp, struct pbuf *p, unsigned room)
{
	p->next = NULL;
	p->tot_len = p->len;
	if (tcp->last)
		tcp->last->next = p;
	else
		tcp->first = p;
	tcp->last = p;
	tcp->room = room;
}

/* Whether @p could be put behind what is there. */
static int gather(struct net_tcp *tcp, const struct pbuf *p)
{
	struct pbuf *to;

	if (!tcp->last || p->len > SMALL_BYTES)
		return 0;
	if (tcp->room < p->len) {
		to = pbuf_alloc(PBUF_RAW, GATHER_BYTES, PBUF_RAM);
		if (!to)
			return 0;
		to->len = 0;
		append(tcp, to, GATHER_BYTES);
	}
	to = tcp->last;
	memcpy((char *)to->payload + to->len, p->payload, p->len);
	to->len = to->tot_len = (u16_t)(to->len + p->len);
	tcp->room -= p->len;
	return 1;
}

err_t net_tcp_received(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
		       err_t err)
{
	struct net_tcp *tcp = arg;
	struct pbuf *next;

	(void)err;
	if (!tcp)
		return tcp_recv_null(NULL, pcb, p, err);
	if (!p) {
		tcp->peer_ended = 1;
		/* lwIP frees it without a word when both have ended. */
		if (tcp->write_shut)
			net_tcp_detach(tcp);
		net_tcp_wake(tcp, POLLIN | POLLRDHUP | POLLHUP);
		return ERR_OK;
	}
	for (; p; p = next) {
		next = p->next;
		tcp->bytes += p->len;
		p->next = NULL;
		p->tot_len = p->len;
		if (!p->len || gather(tcp, p))
			pbuf_free(p);
		else
			append(tcp, p, 0);
	}
	net_tcp_wake(tcp, POLLIN);
	return ERR_OK;
}

static void free_first(struct net_tcp *tcp)
{
	struct pbuf *p = tcp->first;

	tcp->first = p->next;
	if (!tcp->first) {
		tcp->last = NULL;
		tcp->room = 0;
	}
	p->next = NULL;
	pbuf_free(p);
}

void net_tcp_forget(struct net_tcp *tcp)
{
	while (tcp->first)
		free_first(tcp);
	tcp->bytes = 0;
}

/*
 * Moves what there is into @m, behind @done bytes of it; how much. With
 * MSG_TRUNC it is thrown away, as on Linux.
 */
static size_t take(struct net_tcp *tcp, const struct rt_message *m, size_t done,
		   int consume)
{
	size_t total = 0, skip = done, n;
	const struct pbuf *p = tcp->first;
	unsigned at = 0;

	for (int i = 0; i < m->iov_count; i++) {
		char *to = m->iov[i].iov_base;
		size_t left = m->iov[i].iov_len;

		if (skip >= left) {
			skip -= left;
			continue;
		}
		to += skip;
		left -= skip;
		skip = 0;
		while (left && p) {
			n = p->len - at < left ? p->len - at : left;
			if (!(m->flags & MSG_TRUNC))
				memcpy(to, (const char *)p->payload + at, n);
			to += n;
			left -= n;
			at += (unsigned)n;
			total += n;
			if (at < p->len)
				break;
			p = p->next;
			at = 0;
			if (consume)
				free_first(tcp);
		}
	}
	if (!consume)
		return total;
	if (at) {
		tcp->first->payload = (char *)tcp->first->payload + at;
		tcp->first->len = (u16_t)(tcp->first->len - at);
		tcp->first->tot_len = tcp->first->len;
	}
	tcp->bytes -= total;
	return total;
}

/* Tells the peer that there is room again. */
static void open_window(struct net_tcp *tcp, size_t bytes)
{
	while (bytes && tcp->pcb) {
		u16_t n = (u16_t)(bytes < UINT16_MAX ? bytes : UINT16_MAX);

		tcp_recved(tcp->pcb, n);
		bytes -= n;
	}
}

/* Whether there will be no more to read. */
static int at_end(const struct net_tcp *tcp)
{
	return tcp->peer_ended || tcp->read_shut ||
	       tcp->state != NET_TCP_CONNECTED;
}

static long wait_for_data(struct rt_socket *s, uint64_t until_ns)
{
	struct net_tcp *tcp = s->own;
	long err;

	while (!tcp->bytes) {
		err = __rt_socket_error(s);
		if (err)
			return err;
		if (tcp->state == NET_TCP_NEW ||
		    tcp->state == NET_TCP_LISTENING)
			return -ENOTCONN;
		if (tcp->state != NET_TCP_CONNECTING && at_end(tcp))
			return 0;
		if (!until_ns)
			net_look();
		if (tcp->bytes)
			break;
		err = __rt_socket_wait(s, until_ns);
		if (err)
			return err;
	}
	return 0;
}

long net_tcp_receive(struct rt_socket *s, struct rt_message *m,
		     uint64_t until_ns)
{
	struct net_tcp *tcp = s->own;
	const int consume = !(m->flags & MSG_PEEK);
	size_t done = 0, n;
	long err;

	m->name_bytes = 0;
	if (m->flags & MSG_OOB)
		return -EINVAL;
	if (!m->bytes && tcp->state == NET_TCP_CONNECTED)
		return 0;
	do {
		err = wait_for_data(s, until_ns);
		if (err || !tcp->bytes)
			break;
		n = take(tcp, m, done, consume);
		done += n;
		if (consume)
			open_window(tcp, n);
	} while (consume && (m->flags & MSG_WAITALL) && done < m->bytes &&
		 !at_end(tcp));
	if (consume && done)
		net_kick();
	return done ? (long)done : err;
}

/* As much as lwIP can hold, where SO_SNDBUF does not say less. */
static size_t send_limit(const struct net_tcp *tcp)
{
	size_t limit = (size_t)tcp->socket->send_bytes;

	return tcp->send_limited && limit < TCP_SND_BUF ? limit : TCP_SND_BUF;
}

static size_t send_room(const struct net_tcp *tcp)
{
	const struct tcp_pcb *pcb = tcp->pcb;
	size_t limit = send_limit(tcp);
	size_t held = TCP_SND_BUF - pcb->snd_buf;

	if (pcb->snd_queuelen >= TCP_SND_QUEUELEN - 64)
		return 0;
	return held < limit ? limit - held : 0;
}

int net_tcp_writable(const struct net_tcp *tcp)
{
	if (!tcp->socket || !tcp->pcb || tcp->state != NET_TCP_CONNECTED ||
	    tcp->write_shut)
		return 0;
	/* As Linux: not for every few bytes. */
	return send_room(tcp) >= send_limit(tcp) / 3;
}

/* Queues what there is room for of @bytes; how much that was. */
static size_t put(struct net_tcp *tcp, const char *from, size_t bytes, int more)
{
	struct tcp_pcb *pcb = tcp->pcb;
	size_t done = 0;

	while (done < bytes) {
		size_t n = bytes - done, room = send_room(tcp);
		int last;

		if (n > room)
			n = room;
		if (n > tcp_mss(pcb))
			n = tcp_mss(pcb);
		if (!n)
			break;
		last = done + n == bytes && !more;
		if (tcp_write(pcb, from + done, (u16_t)n,
			      TCP_WRITE_FLAG_COPY |
				      (last ? 0 : TCP_WRITE_FLAG_MORE))) {
			tcp->starved = 1;
			break;
		}
		done += n;
	}
	return done;
}

/* The parts of @m behind @done bytes. */
static size_t put_message(struct net_tcp *tcp, const struct rt_message *m,
			  size_t done)
{
	size_t skip = done, total = 0, n;

	for (int i = 0; i < m->iov_count; i++) {
		const char *from = m->iov[i].iov_base;
		size_t bytes = m->iov[i].iov_len;

		if (skip >= bytes) {
			skip -= bytes;
			continue;
		}
		bytes -= skip;
		n = put(tcp, from + skip, bytes,
			done + total + bytes < m->bytes ||
				(m->flags & MSG_MORE));
		skip = 0;
		total += n;
		if (n < bytes)
			break;
	}
	return total;
}

/*
 * Nagle's rule as Linux has it (Minshall): a segment that is not full waits
 * only for one before it that was not full either. lwIP would make the last
 * piece of each answer wait for the acknowledgement of what came before, which
 * the peer delays.
 */
static void output(struct net_tcp *tcp)
{
	struct tcp_pcb *pcb = tcp->pcb;
	const struct tcp_seg *last = pcb->unsent;

	while (last && last->next)
		last = last->next;
	if (!last || tcp->nodelay || TCP_SEQ_LT(pcb->lastack, tcp->small_end)) {
		tcp_output(pcb);
		return;
	}
	if (last->len < tcp_mss(pcb))
		tcp->small_end = pcb->snd_lbb;
	tcp_nagle_disable(pcb);
	tcp_output(pcb);
	tcp_nagle_enable(pcb);
}

static long check_sending(struct rt_socket *s)
{
	struct net_tcp *tcp = s->own;
	long err = __rt_socket_error(s);

	if (err)
		return err;
	if (tcp->write_shut || !tcp->pcb || tcp->state != NET_TCP_CONNECTED)
		return -EPIPE;
	return 0;
}

/*
 * Whether the sender has to wait to be woken. Asked behind net_kick(), in which
 * what it would wait for may come: all is acknowledged, or the peer is gone.
 */
static int must_wait(const struct net_tcp *tcp, int has_moved)
{
	if (tcp->socket->error || tcp->write_shut || !tcp->pcb ||
	    tcp->state != NET_TCP_CONNECTED)
		return 0;
	if (tcp->starved)
		return 1;
	return has_moved ? !send_room(tcp) : !net_tcp_writable(tcp);
}

long net_tcp_send(struct rt_socket *s, struct rt_message *m, uint64_t until_ns)
{
	struct net_tcp *tcp = s->own;
	size_t done = 0;
	long err = 0;

	if (m->to && tcp->state == NET_TCP_CONNECTED && !tcp->told)
		tcp->told = 1;
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	while (tcp->state == NET_TCP_CONNECTING && !err)
		err = __rt_socket_wait(s, until_ns);
	while (!err) {
		size_t before = done;

		err = check_sending(s);
		if (err)
			break;
		done += put_message(tcp, m, done);
		if ((!(m->flags & MSG_MORE) && !tcp->corked) || done < m->bytes)
			output(tcp);
		net_kick();
		if (done == m->bytes)
			return (long)done;
		if (done == before && !until_ns)
			net_look();
		if (must_wait(tcp, done != before))
			err = __rt_socket_wait(s, until_ns);
	}
	return done ? (long)done : err;
}
