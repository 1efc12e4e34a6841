/* SPDX-License-Identifier: ISC */
/* Listening sockets, and the connections that wait to be accepted. */
#include <errno.h>
#include <lwip/priv/tcp_priv.h>
#include <poll.h>

#include "net.h"
#include "net_tcp.h"
#include "vnode.h"

#define MAX_BACKLOG   4096
/*
 * What waits at the least, whatever a program asks for: not every peer tries
 * again. passt does not; it has told its own peer that it is connected, and ten
 * seconds later that it is not.
 */
#define MIN_BACKLOG   128
/* Connections half open, of each socket: as many as lwIP can count. */
#define MAX_HALF_OPEN 255

/* lwIP drops every SYN where the backlog is 0, so that the peer tries again. */
static void limit(struct net_tcp *tcp)
{
	struct tcp_pcb_listen *pcb = (struct tcp_pcb_listen *)tcp->pcb;

	pcb->backlog = tcp->queued > tcp->backlog ? 0 : MAX_HALF_OPEN;
}

/*
 * lwIP: a SYN has come to a listener that has no room for it. Where that is
 * for connections that are half open, the oldest of them makes way.
 */
int net_tcp_make_room(const struct tcp_pcb_listen *listener)
{
	struct tcp_pcb *oldest = NULL;

	if (!listener->backlog)
		return 0;
	/* New ones are put in front. */
	for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
		if (pcb->state == SYN_RCVD && pcb->listener == listener)
			oldest = pcb;
	if (!oldest)
		return 0;
	tcp_abandon(oldest, 0);
	return 1;
}

static err_t accepted(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct net_tcp *listener = arg, *tcp;

	if (err != ERR_OK || !pcb || !listener)
		return ERR_VAL;
	tcp = net_tcp_new(NULL);
	if (!tcp)
		return ERR_MEM;
	net_tcp_attach(tcp, pcb);
	tcp->window = listener->window;
	net_tcp_limit_window(tcp);
	tcp->state = NET_TCP_CONNECTED;
	tcp->told = 1;
	*listener->queue_end = tcp;
	listener->queue_end = &tcp->next;
	listener->queued++;
	limit(listener);
	net_tcp_wake(listener, POLLIN);
	return ERR_OK;
}

long net_tcp_listen(struct rt_socket *s, int backlog)
{
	struct net_tcp *tcp = s->own;
	struct tcp_pcb *pcb;
	long err;
	err_t why;

	if (tcp->state != NET_TCP_NEW && tcp->state != NET_TCP_LISTENING)
		return -EINVAL;
	if (backlog < 0 || backlog > MAX_BACKLOG)
		backlog = MAX_BACKLOG;
	tcp->backlog =
		(unsigned)(backlog < MIN_BACKLOG ? MIN_BACKLOG : backlog);
	if (tcp->state == NET_TCP_LISTENING) {
		limit(tcp);
		return 0;
	}
	err = net_tcp_pcb(tcp);
	net_tcp_apply(tcp);
	if (!err && !tcp->pcb->local_port)
		err = net_tcp_bind_any(tcp);
	if (err)
		return err;
	/* Frees the old one. */
	pcb = tcp_listen_with_backlog_and_err(tcp->pcb, MAX_HALF_OPEN, &why);
	if (!pcb)
		return -net_errno(why);
	tcp->pcb = pcb;
	tcp_accept(pcb, accepted);
	tcp->state = NET_TCP_LISTENING;
	s->is_listening = 1;
	limit(tcp);
	return 0;
}

long net_tcp_accept(struct rt_socket *s, struct rt_socket **to,
		    uint64_t until_ns)
{
	struct net_tcp *tcp = s->own, *child;
	struct rt_socket *made;
	long err;

	while (tcp->state == NET_TCP_LISTENING && !tcp->queue) {
		if (!until_ns)
			net_look();
		if (tcp->queue)
			break;
		err = __rt_socket_wait(s, until_ns);
		if (err)
			return err;
	}
	if (tcp->state != NET_TCP_LISTENING)
		return -EINVAL;
	made = __rt_socket_new(s->domain, s->type, s->protocol);
	if (!made)
		return -ENOMEM;
	child = tcp->queue;
	tcp->queue = child->next;
	if (!tcp->queue)
		tcp->queue_end = &tcp->queue;
	tcp->queued--;
	limit(tcp);
	child->next = NULL;
	child->socket = made;
	child->only6 = tcp->only6;
	child->tos = tcp->tos;
	child->ttl = tcp->ttl;
	child->nodelay = tcp->nodelay;
	child->send_limited = tcp->send_limited;
	child->keep_idle_s = tcp->keep_idle_s;
	child->keep_interval_s = tcp->keep_interval_s;
	child->keep_count = tcp->keep_count;
	made->own = child;
	made->ops = &net_tcp_ops;
	made->error = child->error;
	made->options = s->options;
	made->linger = s->linger;
	made->send_bytes = s->send_bytes;
	made->receive_bytes = s->receive_bytes;
	net_tcp_apply(child);
	*to = made;
	return 0;
}

void net_tcp_unlisten(struct net_tcp *tcp)
{
	struct tcp_pcb *pcb = tcp->pcb;
	struct net_tcp *child;

	tcp->pcb = NULL;
	tcp->state = NET_TCP_NEW;
	tcp->socket->is_listening = 0;
	tcp_arg(pcb, NULL);
	tcp_close(pcb);
	while ((child = tcp->queue) != NULL) {
		tcp->queue = child->next;
		net_tcp_drop(child);
	}
	tcp->queue_end = &tcp->queue;
	tcp->queued = 0;
	net_tcp_wake(tcp, POLLIN | POLLHUP);
}
