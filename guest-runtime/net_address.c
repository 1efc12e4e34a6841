/* SPDX-License-Identifier: ISC */
#include "net_address.h"

#include <errno.h>
#include <lwip/netif.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

static int read4(const struct sockaddr *name, socklen_t bytes, ip_addr_t *ip,
		 uint16_t *port)
{
	struct sockaddr_in in;

	if (bytes < sizeof(in))
		return -EINVAL;
	memcpy(&in, name, sizeof(in));
	ip_addr_set_ip4_u32(ip, in.sin_addr.s_addr);
	*port = lwip_htons(in.sin_port);
	return 0;
}

static int read6(const struct sockaddr *name, socklen_t bytes, ip_addr_t *ip,
		 uint16_t *port)
{
	const size_t least = offsetof(struct sockaddr_in6, sin6_scope_id);
	struct sockaddr_in6 in6 = {0};
	uint32_t word[4];

	if (bytes < least)
		return -EINVAL;
	memcpy(&in6, name, bytes < sizeof(in6) ? bytes : sizeof(in6));
	memcpy(word, &in6.sin6_addr, sizeof(word));
	*port = lwip_htons(in6.sin6_port);
	if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
		ip_addr_set_ip4_u32(ip, word[3]);
		return 0;
	}
	memset(ip, 0, sizeof(*ip));
	IP_SET_TYPE(ip, IPADDR_TYPE_V6);
	memcpy(ip_2_ip6(ip)->addr, word, sizeof(word));
	if (ip6_addr_has_scope(ip_2_ip6(ip), IP6_UNKNOWN))
		ip6_addr_set_zone(ip_2_ip6(ip), (u8_t)in6.sin6_scope_id);
	return 0;
}

int net_address_read(int domain, const struct sockaddr *name, socklen_t bytes,
		     ip_addr_t *ip, uint16_t *port)
{
	if (bytes < sizeof(name->sa_family))
		return -EINVAL;
	if (name->sa_family != domain)
		return -EAFNOSUPPORT;
	return (domain == AF_INET ? read4 : read6)(name, bytes, ip, port);
}

socklen_t net_address_write(int domain, const ip_addr_t *ip, uint16_t port,
			    struct sockaddr_storage *to)
{
	struct sockaddr_in *in = (struct sockaddr_in *)to;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof(*in6));
	if (domain == AF_INET) {
		in->sin_family = AF_INET;
		in->sin_port = lwip_htons(port);
		in->sin_addr.s_addr = ip4_addr_get_u32(ip_2_ip4(ip));
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = lwip_htons(port);
	if (IP_IS_V4_VAL(*ip) && !ip_addr_isany(ip)) {
		memset(&in6->sin6_addr.s6_addr[10], 0xff, 2);
		memcpy(&in6->sin6_addr.s6_addr[12], ip_2_ip4(ip), 4);
	} else if (IP_IS_V6(ip)) {
		memcpy(&in6->sin6_addr, ip_2_ip6(ip)->addr, 16);
		in6->sin6_scope_id = ip6_addr_zone(ip_2_ip6(ip));
	}
	return sizeof(*in6);
}

void net_address_any(int domain, int only6, ip_addr_t *ip)
{
	if (domain == AF_INET6 && !only6 && IP_IS_V6(ip) && ip_addr_isany(ip))
		IP_SET_TYPE(ip, IPADDR_TYPE_ANY);
}

void net_address_target(ip_addr_t *ip)
{
	if (!ip_addr_isany(ip))
		return;
	if (IP_IS_V6(ip))
		ip6_addr_set_loopback(ip_2_ip6(ip));
	else
		ip4_addr_set_loopback(ip_2_ip4(ip));
}

int net_address_is_local(const ip_addr_t *ip)
{
	struct netif *netif;

	if (ip_addr_isany(ip) || ip_addr_ismulticast(ip))
		return 1;
	if (IP_IS_V4(ip) && ip4_addr_isloopback(ip_2_ip4(ip)))
		return 1;
	if (IP_IS_V4(ip) && ip_2_ip4(ip)->addr == INADDR_BROADCAST)
		return 1;
	NETIF_FOREACH(netif)
	{
		if (IP_IS_V4(ip) &&
		    ip4_addr_cmp(ip_2_ip4(ip), netif_ip4_addr(netif)))
			return 1;
		if (IP_IS_V6(ip) &&
		    netif_get_ip6_addr_match(netif, ip_2_ip6(ip)) >= 0)
			return 1;
	}
	return 0;
}
