/* SPDX-License-Identifier: ISC */
/* Options of TCP sockets. */
#include <errno.h>
#include <lwip/priv/tcp_priv.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "net.h"
#include "net_option.h"
#include "net_tcp.h"

#define MS_PER_S       1000u
#define MAX_KEEP_S     32767
#define MAX_KEEP_COUNT 127
/* Not in all headers. */
#define USER_TIMEOUT   18

static void apply_common(struct net_tcp *tcp)
{
	struct tcp_pcb *pcb = tcp->pcb;
	const struct rt_socket *s = tcp->socket;

	if (__rt_socket_has(s, SO_REUSEADDR) ||
	    __rt_socket_has(s, SO_REUSEPORT))
		ip_set_option(pcb, SOF_REUSEADDR);
	else
		ip_reset_option(pcb, SOF_REUSEADDR);
	if (__rt_socket_has(s, SO_KEEPALIVE))
		ip_set_option(pcb, SOF_KEEPALIVE);
	else
		ip_reset_option(pcb, SOF_KEEPALIVE);
	if (tcp->ttl)
		pcb->ttl = tcp->ttl;
	pcb->tos = tcp->tos;
}

void net_tcp_apply(struct net_tcp *tcp)
{
	struct tcp_pcb *pcb = tcp->pcb;

	if (!pcb || !tcp->socket)
		return;
	apply_common(tcp);
	if (tcp->state == NET_TCP_LISTENING)
		return;
	if (tcp->nodelay)
		tcp_nagle_disable(pcb);
	else
		tcp_nagle_enable(pcb);
	if (tcp->keep_idle_s)
		pcb->keep_idle = tcp->keep_idle_s * MS_PER_S;
	if (tcp->keep_interval_s)
		pcb->keep_intvl = tcp->keep_interval_s * MS_PER_S;
	if (tcp->keep_count)
		pcb->keep_cnt = tcp->keep_count;
}

static int within(int value, int least, int most)
{
	return value >= least && value <= most;
}

static long set_tcp(struct net_tcp *tcp, int name, int value)
{
	switch (name) {
	case TCP_NODELAY:
		tcp->nodelay = !!value;
		break;
	case TCP_CORK:
		tcp->corked = !!value;
		if (!value && tcp->pcb && tcp->state == NET_TCP_CONNECTED)
			tcp_output(tcp->pcb);
		break;
	case TCP_KEEPIDLE:
		if (!within(value, 1, MAX_KEEP_S))
			return -EINVAL;
		tcp->keep_idle_s = (unsigned)value;
		break;
	case TCP_KEEPINTVL:
		if (!within(value, 1, MAX_KEEP_S))
			return -EINVAL;
		tcp->keep_interval_s = (unsigned)value;
		break;
	case TCP_KEEPCNT:
		if (!within(value, 1, MAX_KEEP_COUNT))
			return -EINVAL;
		tcp->keep_count = (unsigned)value;
		break;
	case TCP_DEFER_ACCEPT:
	case TCP_QUICKACK:
	case TCP_FASTOPEN:
	case TCP_SYNCNT:
	case USER_TIMEOUT:
		return 0; /* a hint, which changes nothing here */
	default:
		return -ENOPROTOOPT;
	}
	net_tcp_apply(tcp);
	net_kick();
	return 0;
}

static long set_ip(struct net_tcp *tcp, int level, int name, int value)
{
	if (level == IPPROTO_IP && name == IP_TOS)
		tcp->tos = (uint8_t)value;
	else if (level == IPPROTO_IPV6 && name == IPV6_TCLASS)
		tcp->tos = (uint8_t)(value < 0 ? 0 : value);
	else if ((level == IPPROTO_IP && name == IP_TTL) ||
		 (level == IPPROTO_IPV6 && name == IPV6_UNICAST_HOPS)) {
		if (!within(value, -1, 255) || !value)
			return -EINVAL;
		tcp->ttl = (uint8_t)(value < 0 ? IP_DEFAULT_TTL : value);
	} else if (level == IPPROTO_IPV6 && name == IPV6_V6ONLY) {
		if (tcp->pcb)
			return -EINVAL;
		tcp->only6 = !!value;
	} else {
		return -ENOPROTOOPT;
	}
	net_tcp_apply(tcp);
	return 0;
}

long net_tcp_set_option(struct rt_socket *s, int level, int name,
			const void *value, socklen_t bytes)
{
	struct net_tcp *tcp = s->own;
	int number, err;

	if (level == SOL_SOCKET) {
		if (name == SO_SNDBUF || name == SO_SNDBUFFORCE)
			tcp->send_limited = 1;
		if ((name == SO_RCVBUF || name == SO_RCVBUFFORCE) &&
		    bytes >= sizeof(number)) {
			memcpy(&number, value, sizeof(number));
			tcp->window = number > 0 ? (unsigned)number : 1;
		}
		if (name != SO_KEEPALIVE || !tcp->pcb || bytes < sizeof(number))
			return -ENOPROTOOPT;
		memcpy(&number, value, sizeof(number));
		if (number)
			ip_set_option(tcp->pcb, SOF_KEEPALIVE);
		else
			ip_reset_option(tcp->pcb, SOF_KEEPALIVE);
		return -ENOPROTOOPT; /* also remembered */
	}
	err = net_option_int(value, bytes, &number);
	if (err)
		return err;
	if (level == IPPROTO_TCP)
		return bytes < sizeof(number) ? -EINVAL
					      : set_tcp(tcp, name, number);
	if (level == IPPROTO_IP || level == IPPROTO_IPV6)
		return set_ip(tcp, level, name, number);
	return -ENOPROTOOPT;
}

static unsigned or_default(unsigned value, unsigned otherwise)
{
	return value ? value : otherwise;
}

/* Linux's numbers for the states, by lwIP's. */
static const uint8_t states[] = {
	[CLOSED] = TCP_CLOSE,
	[LISTEN] = TCP_LISTEN,
	[SYN_SENT] = TCP_SYN_SENT,
	[SYN_RCVD] = TCP_SYN_RECV,
	[ESTABLISHED] = TCP_ESTABLISHED,
	[FIN_WAIT_1] = TCP_FIN_WAIT1,
	[FIN_WAIT_2] = TCP_FIN_WAIT2,
	[CLOSE_WAIT] = TCP_CLOSE_WAIT,
	[CLOSING] = TCP_CLOSING,
	[LAST_ACK] = TCP_LAST_ACK,
	[TIME_WAIT] = TCP_TIME_WAIT,
};

static int give_info(const struct net_tcp *tcp, void *value, socklen_t *bytes)
{
	struct tcp_info info = {.tcpi_state = TCP_CLOSE};
	const struct tcp_pcb *pcb = tcp->pcb;

	if (pcb)
		info.tcpi_state = states[pcb->state];
	if (pcb && tcp->state != NET_TCP_LISTENING) {
		info.tcpi_snd_mss = info.tcpi_rcv_mss = pcb->mss;
		info.tcpi_retransmits = pcb->nrtx;
		info.tcpi_rto = (uint32_t)pcb->rto * TCP_SLOW_INTERVAL * 1000;
		info.tcpi_rtt =
			(uint32_t)(pcb->sa >> 3) * TCP_SLOW_INTERVAL * 1000;
		info.tcpi_snd_cwnd = pcb->cwnd / pcb->mss;
		info.tcpi_unacked = (pcb->snd_nxt - pcb->lastack) / pcb->mss;
	}
	return net_option_give(&info, sizeof(info), value, bytes);
}

static long get_tcp(struct net_tcp *tcp, int name, void *value,
		    socklen_t *bytes)
{
	unsigned n;

	switch (name) {
	case TCP_NODELAY:
		n = tcp->nodelay;
		break;
	case TCP_CORK:
		n = tcp->corked;
		break;
	case TCP_KEEPIDLE:
		n = or_default(tcp->keep_idle_s,
			       TCP_KEEPIDLE_DEFAULT / MS_PER_S);
		break;
	case TCP_KEEPINTVL:
		n = or_default(tcp->keep_interval_s,
			       TCP_KEEPINTVL_DEFAULT / MS_PER_S);
		break;
	case TCP_KEEPCNT:
		n = or_default(tcp->keep_count, TCP_KEEPCNT_DEFAULT);
		break;
	case TCP_MAXSEG:
		n = tcp->pcb && tcp->state == NET_TCP_CONNECTED
			    ? tcp_mss(tcp->pcb)
			    : 536;
		break;
	case TCP_INFO:
		return give_info(tcp, value, bytes);
	case TCP_DEFER_ACCEPT:
	case TCP_QUICKACK:
	case TCP_FASTOPEN:
	case TCP_SYNCNT:
	case USER_TIMEOUT:
		n = 0;
		break;
	default:
		return -ENOPROTOOPT;
	}
	return net_option_give_int((int)n, value, bytes);
}

long net_tcp_get_option(struct rt_socket *s, int level, int name, void *value,
			socklen_t *bytes)
{
	struct net_tcp *tcp = s->own;
	unsigned n;

	if (level == IPPROTO_TCP)
		return get_tcp(tcp, name, value, bytes);
	if ((level == IPPROTO_IP && name == IP_TOS) ||
	    (level == IPPROTO_IPV6 && name == IPV6_TCLASS))
		n = tcp->tos;
	else if ((level == IPPROTO_IP && name == IP_TTL) ||
		 (level == IPPROTO_IPV6 && name == IPV6_UNICAST_HOPS))
		n = or_default(tcp->ttl, IP_DEFAULT_TTL);
	else if (level == IPPROTO_IPV6 && name == IPV6_V6ONLY)
		n = tcp->only6;
	else
		return -ENOPROTOOPT;
	return net_option_give_int((int)n, value, bytes);
}
