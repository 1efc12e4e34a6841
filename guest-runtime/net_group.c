/* SPDX-License-Identifier: ISC */
#include "net_group.h"

#include <errno.h>
#include <lwip/igmp.h>
#include <lwip/mld6.h>
#include <lwip/netif.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "net.h"
#include "net_address.h"
#include "net_config.h"
#include "net_dgram.h"

/* The interface with this number; 0: where the group's packets go. */
static struct netif *interface_of(unsigned index, const ip_addr_t *group)
{
	ip_addr_t any = *group;

	if (index)
		return index <= UINT8_MAX ? netif_get_by_index((u8_t)index)
					  : NULL;
	ip_addr_set_any(IP_IS_V6(group), &any);
	return ip_route(&any, group);
}

/* ERR_OK or lwIP's error. */
static err_t change(struct netif *netif, const ip_addr_t *group, bool join)
{
	ip6_addr_t zoned;

	if (!IP_IS_V6(group)) {
		if (join)
			return igmp_joingroup_netif(netif, ip_2_ip4(group));
		return igmp_leavegroup_netif(netif, ip_2_ip4(group));
	}
	zoned = *ip_2_ip6(group);
	ip6_addr_assign_zone(&zoned, IP6_MULTICAST, netif);
	if (join)
		return mld6_joingroup_netif(netif, &zoned);
	return mld6_leavegroup_netif(netif, &zoned);
}

static struct net_group **find(struct net_dgram *d, const ip_addr_t *group,
			       unsigned interface)
{
	struct net_group **g = &d->groups;

	while (*g && (!ip_addr_cmp(&(*g)->group, group) ||
		      (interface && (*g)->interface != interface)))
		g = &(*g)->next;
	return g;
}

static long join(struct net_dgram *d, const ip_addr_t *group, unsigned index)
{
	struct netif *netif = interface_of(index, group);
	struct net_group *made;
	err_t err = ERR_OK;

	if (!netif)
		return -ENODEV;
	/* lwIP's loopback has all groups, and cannot join one. */
	if (*find(d, group, netif_get_index(netif)))
		return -EADDRINUSE;
	made = mem_malloc(sizeof(*made));
	if (!made)
		return -ENOBUFS;
	if (netif->hwaddr_len)
		err = change(netif, group, true);
	if (err) {
		mem_free(made);
		return -net_errno(err);
	}
	*made = (struct net_group){d->groups, *group, netif_get_index(netif)};
	d->groups = made;
	net_kick();
	return 0;
}

static void leave(struct net_group **at)
{
	struct net_group *g = *at;
	struct netif *netif = netif_get_by_index(g->interface);

	*at = g->next;
	if (netif && netif->hwaddr_len)
		change(netif, &g->group, false);
	mem_free(g);
}

static long apply(struct net_dgram *d, const ip_addr_t *group, unsigned index,
		  bool joins)
{
	struct net_group **g;

	if (!ip_addr_ismulticast(group))
		return -EINVAL;
	net_config_wait();
	if (joins)
		return join(d, group, index);
	g = find(d, group, index);
	if (!*g)
		return -EADDRNOTAVAIL;
	leave(g);
	net_kick();
	return 0;
}

static unsigned index_of_address(uint32_t address)
{
	const struct netif *netif;

	NETIF_FOREACH(netif)
	if (address && netif_ip4_addr(netif)->addr == address)
		return netif_get_index(netif);
	return 0;
}

static long option4(struct net_dgram *d, const void *value, socklen_t bytes,
		    bool joins)
{
	struct ip_mreqn m = {0};
	ip_addr_t group;

	if (bytes < sizeof(struct ip_mreq))
		return -EINVAL;
	memcpy(&m, value, bytes < sizeof(m) ? bytes : sizeof(m));
	if (!m.imr_ifindex) {
		m.imr_ifindex = (int)index_of_address(m.imr_address.s_addr);
		if (!m.imr_ifindex && m.imr_address.s_addr)
			return -ENODEV;
	}
	ip_addr_set_ip4_u32_val(group, m.imr_multiaddr.s_addr);
	return apply(d, &group, (unsigned)m.imr_ifindex, joins);
}

static long option6(struct net_dgram *d, const void *value, socklen_t bytes,
		    bool joins)
{
	struct ipv6_mreq m;
	ip_addr_t group = {0};

	if (bytes < sizeof(m))
		return -EINVAL;
	memcpy(&m, value, sizeof(m));
	IP_SET_TYPE_VAL(group, IPADDR_TYPE_V6);
	memcpy(ip_2_ip6(&group)->addr, &m.ipv6mr_multiaddr, 16);
	return apply(d, &group, m.ipv6mr_interface, joins);
}

static long option_any(struct net_dgram *d, const void *value, socklen_t bytes,
		       bool joins)
{
	struct group_req m;
	ip_addr_t group;
	uint16_t port;
	long err;

	if (bytes < sizeof(m))
		return -EINVAL;
	memcpy(&m, value, sizeof(m));
	err = net_address_read(m.gr_group.ss_family,
			       (struct sockaddr *)&m.gr_group,
			       sizeof(m.gr_group), &group, &port);
	return err ? err : apply(d, &group, m.gr_interface, joins);
}

long net_group_option(struct net_dgram *d, int level, int name,
		      const void *value, socklen_t bytes)
{
	if (level == IPPROTO_IP &&
	    (name == IP_ADD_MEMBERSHIP || name == IP_DROP_MEMBERSHIP))
		return option4(d, value, bytes, name == IP_ADD_MEMBERSHIP);
	if (level == IPPROTO_IPV6 &&
	    (name == IPV6_JOIN_GROUP || name == IPV6_LEAVE_GROUP))
		return option6(d, value, bytes, name == IPV6_JOIN_GROUP);
	if (name == MCAST_JOIN_GROUP || name == MCAST_LEAVE_GROUP)
		return option_any(d, value, bytes, name == MCAST_JOIN_GROUP);
	return -ENOPROTOOPT;
}

void net_group_forget(struct net_dgram *d)
{
	while (d->groups)
		leave(&d->groups);
}
