/* SPDX-License-Identifier: ISC */
/* What TCP sockets receive. */
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

/* What the window is when nothing waits to be read. */
static tcpwnd_size_t widest(const struct net_tcp *tcp)
{
	const struct tcp_pcb *pcb = tcp->pcb;
	tcpwnd_size_t most = TCP_WND_MAX(pcb), limit = tcp->window;

	if (!limit)
		return most;
	/* lwIP opens a closed window by whole segments. */
	limit = LWIP_MAX(limit, 2u * pcb->mss);
	return LWIP_MIN(limit, most);
}

/*
 * Tells the peer how much room there is. The window does not close before a
 * whole one waits to be read, unless the program says how much may: so the
 * peer sends while the program reads, and sees a window that is always the
 * same. (passt hands each change of it on to the host's kernel, which may wait
 * 200 ms after that.)
 */
static void open_window(struct net_tcp *tcp)
{
	const size_t spare = tcp->window ? 0 : TCP_WND;
	size_t used = tcp->bytes > spare ? tcp->bytes - spare : 0, most;

	while (tcp->pcb) {
		most = widest(tcp);
		if (used + tcp->pcb->rcv_wnd >= most)
			break;
		most -= used + tcp->pcb->rcv_wnd;
		tcp_recved(tcp->pcb, (u16_t)LWIP_MIN(most, UINT16_MAX));
	}
}

void net_tcp_limit_window(struct net_tcp *tcp)
{
	struct tcp_pcb *pcb = tcp->pcb;
	/* The peer knows of that already. */
	tcpwnd_size_t least = TCPWND_MIN16(TCP_WND);

	if (!tcp->window)
		return;
	pcb->rcv_wnd = LWIP_MIN(pcb->rcv_wnd, LWIP_MAX(widest(tcp), least));
	pcb->rcv_ann_wnd = LWIP_MIN(pcb->rcv_ann_wnd, pcb->rcv_wnd);
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
	open_window(tcp);
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
			open_window(tcp);
	} while (consume && (m->flags & MSG_WAITALL) && done < m->bytes &&
		 !at_end(tcp));
	if (consume && done)
		net_kick();
	return done ? (long)done : err;
}
