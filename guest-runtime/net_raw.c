/* SPDX-License-Identifier: ISC */
/*
 * ICMP: sockets for ping, raw or without headers, and what errors of ICMP mean
 * for UDP sockets.
 */
#include <errno.h>
#include <lwip/icmp.h>
#include <lwip/icmp6.h>
#include <lwip/inet_chksum.h>
#include <lwip/netif.h>
#include <netinet/in.h>
#include <string.h>

#include "net.h"
#include "net_address.h"
#include "net_config.h"
#include "net_dgram.h"
#include "net_random.h"
#include "net_raw.h"

#define MAX_BYTES  65507u
#define ECHO_BYTES 8 /* the header of an echo, and of UDP */

/* The bytes of headers in front of what ICMP itself says. */
static unsigned headers(const struct pbuf *p)
{
	const uint8_t *byte = p->payload;

	return byte[0] >> 4 == 6 ? (unsigned)ip_current_header_tot_len()
				 : (byte[0] & 15u) * 4;
}

static int is_reply_to(const struct net_dgram *d, const uint8_t *icmp)
{
	const uint8_t wanted =
		d->socket->domain == AF_INET ? ICMP_ER : ICMP6_TYPE_EREP;
	uint16_t id;

	memcpy(&id, icmp + 4, sizeof(id));
	return icmp[0] == wanted && id == d->id;
}

/* Others may want it too, and lwIP itself: it gets a copy. */
static u8_t received(void *arg, struct raw_pcb *pcb, struct pbuf *p,
		     const ip_addr_t *from)
{
	struct net_dgram *d = arg;
	const unsigned skip = headers(p);
	uint8_t icmp[ECHO_BYTES];
	struct pbuf *copy;

	(void)pcb;
	if (d->echo && (pbuf_copy_partial(p, icmp, sizeof(icmp), (u16_t)skip) <
				sizeof(icmp) ||
			!is_reply_to(d, icmp)))
		return 0;
	copy = pbuf_clone(PBUF_RAW, PBUF_RAM, p);
	if (!copy)
		return 0;
	if (d->echo || d->socket->domain == AF_INET6)
		pbuf_remove_header(copy, skip);
	net_dgram_put(d, copy, from, 0);
	return 0;
}

/* What a UDP packet of ours that came back, at @at, was about. */
static void udp_came_back(const struct pbuf *p, unsigned at, int error)
{
	uint8_t head[IP6_HLEN + ECHO_BYTES];
	unsigned bytes = pbuf_copy_partial(p, head, sizeof(head), (u16_t)at);
	unsigned udp = head[0] >> 4 == 6 ? IP6_HLEN : (head[0] & 15u) * 4;
	ip_addr_t to = {0};
	uint16_t ports[2];

	if (bytes < IP_HLEN || udp < IP_HLEN || udp + sizeof(ports) > bytes)
		return;
	if (udp == IP6_HLEN && head[0] >> 4 == 6) {
		if (head[6] != IPPROTO_UDP)
			return;
		IP_SET_TYPE_VAL(to, IPADDR_TYPE_V6);
		memcpy(ip_2_ip6(&to)->addr, head + 24, 16);
		ip6_addr_assign_zone(ip_2_ip6(&to), IP6_UNICAST,
				     ip_current_input_netif());
	} else {
		if (head[9] != IPPROTO_UDP)
			return;
		memcpy(&ip_2_ip4(&to)->addr, head + 16, 4);
	}
	memcpy(ports, head + udp, sizeof(ports));
	net_udp_refused(&to, lwip_htons(ports[1]), lwip_htons(ports[0]), error);
}

/*
 * A link of IPv6 carries 1280 bytes. lwIP would believe less, and then makes
 * fragments of no bytes, for ever.
 */
static int is_too_small(const struct pbuf *p, unsigned at)
{
	uint8_t icmp[ECHO_BYTES];

	return pbuf_copy_partial(p, icmp, sizeof(icmp), (u16_t)at) ==
		       sizeof(icmp) &&
	       icmp[0] == ICMP6_TYPE_PTB && !icmp[4] && !icmp[5] &&
	       (icmp[6] << 8 | icmp[7]) < IP6_MIN_MTU_LENGTH;
}

static u8_t error_came(void *arg, struct raw_pcb *pcb, struct pbuf *p,
		       const ip_addr_t *from)
{
	const unsigned skip = headers(p);
	uint8_t icmp[2];

	(void)arg, (void)from;
	if (pbuf_copy_partial(p, icmp, sizeof(icmp), (u16_t)skip) <
	    sizeof(icmp))
		return 0;
	if (pcb->protocol == IPPROTO_ICMP
		    ? icmp[0] == ICMP_DUR && icmp[1] == ICMP_DUR_PORT
		    : icmp[0] == ICMP6_TYPE_DUR && icmp[1] == ICMP6_DUR_PORT)
		udp_came_back(p, skip + ECHO_BYTES, ECONNREFUSED);
	if (pcb->protocol == IPPROTO_ICMPV6 && is_too_small(p, skip)) {
		pbuf_free(p);
		return 1;
	}
	return 0;
}

void net_raw_start(void)
{
	struct raw_pcb *pcb;

	pcb = raw_new_ip_type(IPADDR_TYPE_V4, IPPROTO_ICMP);
	if (pcb)
		raw_recv(pcb, error_came, NULL);
	pcb = raw_new_ip_type(IPADDR_TYPE_V6, IPPROTO_ICMPV6);
	if (pcb)
		raw_recv(pcb, error_came, NULL);
}

static long raw_socket_bind(struct rt_socket *s, const struct sockaddr *name,
			    socklen_t bytes)
{
	struct net_dgram *d = s->own;
	ip_addr_t ip;
	uint16_t port;
	long err = net_address_read(s->domain, name, bytes, &ip, &port);

	if (err)
		return err;
	if (!net_address_is_local(&ip))
		return -EADDRNOTAVAIL;
	if (d->echo && port)
		d->id = lwip_htons(port);
	return -net_errno(raw_bind(d->raw, &ip));
}

static long raw_socket_connect(struct rt_socket *s, const struct sockaddr *name,
			       socklen_t bytes, uint64_t until_ns)
{
	struct net_dgram *d = s->own;
	ip_addr_t ip;
	uint16_t port;
	long err = net_address_read(s->domain, name, bytes, &ip, &port);

	(void)until_ns;
	if (err)
		return err;
	net_address_target(&ip);
	err = -net_errno(raw_connect(d->raw, &ip));
	d->connected = !err;
	return err;
}

static long raw_socket_name(struct rt_socket *s, int peer,
			    struct sockaddr_storage *to, socklen_t *bytes)
{
	const struct net_dgram *d = s->own;

	if (peer && !d->connected)
		return -ENOTCONN;
	*bytes = net_address_write(
		s->domain, peer ? &d->raw->remote_ip : &d->raw->local_ip,
		d->echo && !peer ? lwip_htons(d->id) : 0, to);
	return 0;
}

/* What the kernel fills in: the identifier, and the sum for IPv4. */
static void complete(struct net_dgram *d, struct pbuf *p)
{
	uint8_t *icmp = p->payload;
	uint16_t sum;

	memcpy(icmp + 4, &d->id, sizeof(d->id));
	if (d->socket->domain == AF_INET6)
		return;
	memset(icmp + 2, 0, sizeof(sum));
	sum = inet_chksum_pbuf(p);
	memcpy(icmp + 2, &sum, sizeof(sum));
}

static long raw_socket_send(struct rt_socket *s, struct rt_message *m,
			    uint64_t until_ns)
{
	struct net_dgram *d = s->own;
	ip_addr_t ip = d->raw->remote_ip;
	struct pbuf *p;
	uint16_t port;
	long err;

	(void)until_ns;
	if (!m->to && !d->connected)
		return -EDESTADDRREQ;
	if (m->bytes > MAX_BYTES)
		return -EMSGSIZE;
	if (d->echo && m->bytes < ECHO_BYTES)
		return -EINVAL;
	if (m->to) {
		err = net_address_read(s->domain, m->to, m->name_bytes, &ip,
				       &port);
		if (err)
			return err;
	}
	net_address_target(&ip);
	if (!ip_addr_isloopback(&ip))
		net_config_wait();
	p = net_dgram_gather(m);
	if (!p)
		return -ENOBUFS;
	if (d->echo)
		complete(d, p);
	err = -net_errno(raw_sendto(d->raw, p, &ip));
	pbuf_free(p);
	net_kick();
	return err ? err : (long)m->bytes;
}

static void raw_socket_release(struct rt_socket *s)
{
	struct net_dgram *d = s->own;

	net_dgram_forget(d);
	raw_remove(d->raw);
}

static const struct rt_socket_ops raw_ops = {
	.bind = raw_socket_bind,
	.connect = raw_socket_connect,
	.name = raw_socket_name,
	.send = raw_socket_send,
	.receive = net_dgram_receive,
	.shutdown = net_dgram_shutdown,
	.set_option = net_dgram_set_option,
	.get_option = net_dgram_get_option,
	.poll = net_dgram_poll,
	.ioctl = net_dgram_ioctl,
	.release = raw_socket_release,
};

long net_raw_create(struct rt_socket *s)
{
	struct net_dgram *d;
	long err = net_dgram_new(s);

	if (err)
		return err;
	d = s->own;
	d->raw = raw_new_ip_type(s->domain == AF_INET6 ? IPADDR_TYPE_V6
						       : IPADDR_TYPE_V4,
				 (u8_t)s->protocol);
	if (!d->raw)
		return -ENOBUFS;
	if (s->protocol == IPPROTO_ICMPV6) {
		d->raw->chksum_reqd = 1;
		d->raw->chksum_offset = 2;
	}
	raw_recv(d->raw, received, d);
	raw_set_flags(d->raw, RAW_FLAGS_MULTICAST_LOOP);
	raw_set_multicast_ttl(d->raw, 1);
	d->echo = s->type == SOCK_DGRAM;
	d->id = (uint16_t)net_random();
	s->ops = &raw_ops;
	return 0;
}
