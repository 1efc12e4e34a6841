/* SPDX-License-Identifier: ISC */
/* How TCP sockets end. */
#include <lwip/priv/tcp_priv.h>

#include "net.h"
#include "net_tcp.h"
#include "runtime.h"
#include "vnode.h"

#define NS_PER_S 1000000000ULL

static void close_pcb(struct net_tcp *tcp, int reset)
{
	struct tcp_pcb *pcb = tcp->pcb;

	if (!pcb)
		return;
	net_tcp_detach(tcp);
	/* What was not read is a reset; lwIP goes by its window alone. */
	if (tcp->bytes)
		reset = 1;
	if (pcb->state != LISTEN)
		pcb->rcv_wnd = TCP_WND_MAX(pcb);
	if (reset || tcp_close(pcb) != ERR_OK)
		tcp_abort(pcb);
}

void net_tcp_drop(struct net_tcp *tcp)
{
	close_pcb(tcp, 1);
	net_tcp_forget(tcp);
	__rt_free(tcp);
}

/* Whether the peer has not acknowledged the end. */
static int is_ending(const struct net_tcp *tcp)
{
	return tcp->pcb &&
	       (tcp->pcb->state == FIN_WAIT_1 || tcp->pcb->state == CLOSING ||
		tcp->pcb->state == LAST_ACK);
}

/*
 * As on Linux: until all has arrived, or for so long; a signal ends it, and
 * close() succeeds in any case.
 */
static void linger(struct rt_socket *s)
{
	struct net_tcp *tcp = s->own;
	uint64_t seconds = (unsigned)s->linger.l_linger;
	uint64_t until_ns = __rt_monotonic_ns() + seconds * NS_PER_S;

	if (tcp->state != NET_TCP_CONNECTED || tcp->bytes)
		return;
	tcp->lingers = 1;
	if (!tcp->write_shut && tcp->pcb)
		tcp_shutdown(tcp->pcb, 0, 1);
	net_kick();
	while (is_ending(tcp) && !__rt_wait_on(&s->changed, until_ns))
		;
}

void net_tcp_release(struct rt_socket *s)
{
	struct net_tcp *tcp = s->own;

	if (tcp->state == NET_TCP_LISTENING)
		net_tcp_unlisten(tcp);
	if (__rt_socket_has(s, SO_LINGER) && s->linger.l_linger > 0)
		linger(s);
	/*
	 * What was sent goes before a reset for what was not read: passt drops
	 * what it gets together with one.
	 */
	if (tcp->bytes)
		net_flush();
	close_pcb(tcp, __rt_socket_has(s, SO_LINGER) && !s->linger.l_linger);
	net_tcp_forget(tcp);
	net_kick();
}

void net_tcp_close_all(void)
{
	struct tcp_pcb *pcb, *next;

	for (pcb = tcp_active_pcbs; pcb; pcb = next) {
		struct net_tcp *tcp = pcb->callback_arg;

		next = pcb->next;
		/* What is half open has the argument of its listener. */
		if (pcb->state < ESTABLISHED)
			continue;
		/* Not yet accepted is not wanted. */
		if (tcp)
			close_pcb(tcp, !tcp->socket);
	}
}
