/* SPDX-License-Identifier: ISC */
/* Options of IP, of UDP and ICMP sockets. */
#include <errno.h>
#include <lwip/netif.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <string.h>

#include "net_dgram.h"
#include "net_group.h"
#include "net_option.h"

/* Both kinds of control block begin alike (IP_PCB in lwip/ip.h). */
static struct ip_pcb *common(const struct net_dgram *d)
{
	return d->udp ? (struct ip_pcb *)d->udp : (struct ip_pcb *)d->raw;
}

static uint8_t *multicast_ttl(const struct net_dgram *d)
{
	return d->udp ? &d->udp->mcast_ttl : &d->raw->mcast_ttl;
}

static uint8_t *multicast_interface(const struct net_dgram *d)
{
	return d->udp ? &d->udp->mcast_ifindex : &d->raw->mcast_ifindex;
}

static bool get_loop(const struct net_dgram *d)
{
	return d->udp ? d->udp->flags & UDP_FLAGS_MULTICAST_LOOP
		      : d->raw->flags & RAW_FLAGS_MULTICAST_LOOP;
}

static void set_loop(struct net_dgram *d, bool on)
{
	if (d->udp && on)
		udp_set_flags(d->udp, UDP_FLAGS_MULTICAST_LOOP);
	else if (d->udp)
		udp_clear_flags(d->udp, UDP_FLAGS_MULTICAST_LOOP);
	else if (on)
		raw_set_flags(d->raw, RAW_FLAGS_MULTICAST_LOOP);
	else
		raw_clear_flags(d->raw, RAW_FLAGS_MULTICAST_LOOP);
}

static long set_ttl(uint8_t *to, int value, uint8_t otherwise, int least)
{
	if (value < -1 || value > 255 || (value >= 0 && value < least))
		return -EINVAL;
	*to = value < 0 ? otherwise : (uint8_t)value;
	return 0;
}

/* By address, struct ip_mreqn, or number. */
static long set_interface4(struct net_dgram *d, const void *value,
			   socklen_t bytes)
{
	const struct netif *netif;
	struct ip_mreqn m = {0};

	if (bytes >= sizeof(struct ip_mreq))
		memcpy(&m, value, bytes < sizeof(m) ? bytes : sizeof(m));
	else if (bytes >= sizeof(m.imr_address))
		memcpy(&m.imr_address, value, sizeof(m.imr_address));
	else
		return -EINVAL;
	*multicast_interface(d) = (uint8_t)m.imr_ifindex;
	if (m.imr_ifindex || !m.imr_address.s_addr)
		return 0;
	NETIF_FOREACH(netif)
	if (netif_ip4_addr(netif)->addr == m.imr_address.s_addr) {
		*multicast_interface(d) = netif_get_index(netif);
		return 0;
	}
	return -EADDRNOTAVAIL;
}

static long set4(struct net_dgram *d, int name, int value)
{
	switch (name) {
	case IP_TOS:
		common(d)->tos = (uint8_t)value;
		return 0;
	case IP_TTL:
		return set_ttl(&common(d)->ttl, value, IP_DEFAULT_TTL, 1);
	case IP_MULTICAST_TTL:
		return set_ttl(multicast_ttl(d), value, 1, 0);
	case IP_MULTICAST_LOOP:
		set_loop(d, value);
		return 0;
	case IP_PKTINFO:
		d->packet_info = !!value;
		return 0;
	case IP_RECVTTL:
		d->tell_ttl = !!value;
		return 0;
	case IP_RECVTOS:
		d->tell_tos = !!value;
		return 0;
	case IP_MTU_DISCOVER:
	case IP_RECVERR:
	case IP_FREEBIND:
	case IP_MULTICAST_ALL:
		return 0; /* a hint, which changes nothing here */
	default:
		return -ENOPROTOOPT;
	}
}

static long set6(struct net_dgram *d, int name, int value)
{
	switch (name) {
	case IPV6_TCLASS:
		common(d)->tos = (uint8_t)(value < 0 ? 0 : value);
		return 0;
	case IPV6_UNICAST_HOPS:
		return set_ttl(&common(d)->ttl, value, IP_DEFAULT_TTL, 0);
	case IPV6_MULTICAST_HOPS:
		return set_ttl(multicast_ttl(d), value, 1, 0);
	case IPV6_MULTICAST_LOOP:
		set_loop(d, value);
		return 0;
	case IPV6_MULTICAST_IF:
		*multicast_interface(d) = (uint8_t)value;
		return 0;
	case IPV6_RECVPKTINFO:
		d->packet_info = !!value;
		return 0;
	case IPV6_RECVHOPLIMIT:
		d->tell_ttl = !!value;
		return 0;
	case IPV6_RECVTCLASS:
		d->tell_tos = !!value;
		return 0;
	case IPV6_V6ONLY:
		if (d->udp && d->udp->local_port)
			return -EINVAL;
		d->only6 = !!value;
		IP_SET_TYPE_VAL(common(d)->local_ip,
				value ? IPADDR_TYPE_V6 : IPADDR_TYPE_ANY);
		return 0;
	case IPV6_MTU_DISCOVER:
	case IPV6_RECVERR:
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

long net_dgram_set_option(struct rt_socket *s, int level, int name,
			  const void *value, socklen_t bytes)
{
	struct net_dgram *d = s->own;
	int number;
	long err = net_group_option(d, level, name, value, bytes);

	if (err != -ENOPROTOOPT || level == SOL_SOCKET)
		return err;
	if (level == IPPROTO_IP && name == IP_MULTICAST_IF)
		return set_interface4(d, value, bytes);
	err = net_option_int(value, bytes, &number);
	if (err)
		return err;
	if (level == IPPROTO_IP)
		return set4(d, name, number);
	if (level == IPPROTO_IPV6 && s->domain == AF_INET6)
		return set6(d, name, number);
	return -ENOPROTOOPT;
}

/* -1: there is no such option. */
static int get4(const struct net_dgram *d, int name)
{
	switch (name) {
	case IP_TOS:
		return common(d)->tos;
	case IP_TTL:
		return common(d)->ttl;
	case IP_MULTICAST_TTL:
		return *multicast_ttl(d);
	case IP_PKTINFO:
		return d->packet_info;
	case IP_RECVTTL:
		return d->tell_ttl;
	case IP_RECVTOS:
		return d->tell_tos;
	case IP_MULTICAST_LOOP:
		return get_loop(d);
	default:
		return -1;
	}
}

static int get6(const struct net_dgram *d, int name)
{
	switch (name) {
	case IPV6_TCLASS:
		return common(d)->tos;
	case IPV6_UNICAST_HOPS:
		return common(d)->ttl;
	case IPV6_MULTICAST_HOPS:
		return *multicast_ttl(d);
	case IPV6_MULTICAST_LOOP:
		return get_loop(d);
	case IPV6_MULTICAST_IF:
		return *multicast_interface(d);
	case IPV6_RECVPKTINFO:
		return d->packet_info;
	case IPV6_RECVHOPLIMIT:
		return d->tell_ttl;
	case IPV6_V6ONLY:
		return d->only6;
	default:
		return -1;
	}
}

long net_dgram_get_option(struct rt_socket *s, int level, int name, void *value,
			  socklen_t *bytes)
{
	const struct net_dgram *d = s->own;
	int number = -1;

	if (level == IPPROTO_IP)
		number = get4(d, name);
	else if (level == IPPROTO_IPV6 && s->domain == AF_INET6)
		number = get6(d, name);
	return number < 0 ? -ENOPROTOOPT
			  : net_option_give_int(number, value, bytes);
}
