/* SPDX-License-Identifier: ISC */
/* What TCP sockets send. */
#include <errno.h>
#include <lwip/priv/tcp_priv.h>
#include <sys/uio.h>

#include "net.h"
#include "net_tcp.h"

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
