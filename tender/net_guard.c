/* SPDX-License-Identifier: ISC */
#include "net_guard.h"

#include <string.h>

#define ETHER_BYTES	 14
#define IP4_BYTES	 20
#define IP6_BYTES	 40
#define IP4_NET_THIS	 0 /* connecting to it reaches loopback */
#define IP4_NET_LOOPBACK 127
#define PROTOCOL_ICMP	 1
#define PROTOCOL_TCP	 6
#define PROTOCOL_UDP	 17
#define PROTOCOL_ICMP6	 58
#define TCP_SYN		 0x02
#define TCP_ACK		 0x10

static bool is_local4(const uint8_t *to)
{
	return to[0] == IP4_NET_THIS || to[0] == IP4_NET_LOOPBACK;
}

/* ::, ::1, and all that is an IPv4 address in another form (RFC 4291, 2.5). */
static bool is_local6(const uint8_t *to)
{
	static const uint8_t zero[10];

	return !memcmp(to, zero, sizeof(zero)) &&
	       ((!to[10] && !to[11]) || (to[10] == 0xff && to[11] == 0xff));
}

/* passt takes a segment with SYN and without ACK as a call. */
static bool is_call(const uint8_t *tcp)
{
	return (tcp[13] & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

static bool was_heard(const struct net_guard *g, const uint8_t *port)
{
	return g->heard[port[0] << 5 | port[1] >> 3] & 1u << (port[1] & 7);
}

/* RFC 791. What is a fragment for us is a whole packet for passt. */
static bool forbids_ip4(const struct net_guard *g, const uint8_t *ip,
			size_t bytes)
{
	const uint8_t *to = ip + 16, *inner = ip + IP4_BYTES;

	if (bytes < IP4_BYTES)
		return true;
	if (is_local4(to))
		return true;
	if (g->gateway_open || memcmp(to, g->gateway4, 4) != 0)
		return false;
	if ((ip[0] & 0xf) != IP4_BYTES / 4)
		return true;
	if (ip[9] == PROTOCOL_TCP)
		return bytes < IP4_BYTES + 20 || is_call(inner);
	if (ip[9] == PROTOCOL_UDP)
		return bytes < IP4_BYTES + 8 || !was_heard(g, inner + 2);
	return ip[9] != PROTOCOL_ICMP;
}

/* RFC 8200. passt lets no answer to a datagram of the host's loopback out. */
static bool forbids_ip6(const struct net_guard *g, const uint8_t *ip,
			size_t bytes)
{
	const uint8_t *to = ip + 24;

	if (bytes < IP6_BYTES)
		return true;
	if (is_local6(to))
		return true;
	if (g->gateway_open || memcmp(to, g->gateway6, 16) != 0)
		return false;
	if (ip[6] == PROTOCOL_TCP)
		return bytes < IP6_BYTES + 20 || is_call(ip + IP6_BYTES);
	return ip[6] != PROTOCOL_ICMP6;
}

static bool is_type(const uint8_t *head, size_t bytes, unsigned type)
{
	return bytes >= ETHER_BYTES && head[12] == type >> 8 &&
	       head[13] == (type & 0xff);
}

bool net_guard_forbids(const struct net_guard *g, const uint8_t *head,
		       size_t bytes)
{
	if (is_type(head, bytes, 0x0800))
		return forbids_ip4(g, head + ETHER_BYTES, bytes - ETHER_BYTES);
	if (is_type(head, bytes, 0x86dd))
		return forbids_ip6(g, head + ETHER_BYTES, bytes - ETHER_BYTES);
	return false;
}

void net_guard_hear(struct net_guard *g, const uint8_t *head, size_t bytes)
{
	const uint8_t *ip = head + ETHER_BYTES, *port = ip + IP4_BYTES;

	if (!is_type(head, bytes, 0x0800) ||
	    bytes < ETHER_BYTES + IP4_BYTES + 8 || ip[0] != 0x45 ||
	    ip[9] != PROTOCOL_UDP || memcmp(ip + 12, g->gateway4, 4) != 0)
		return;
	g->heard[port[0] << 5 | port[1] >> 3] |= (uint8_t)(1u << (port[1] & 7));
}
