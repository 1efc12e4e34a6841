/* SPDX-License-Identifier: ISC */
#include "net_ioctl.h"

#include <errno.h>
#include <limits.h>
#include <lwip/netif.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>

#include "net.h"
#include "net_config.h"
#include "net_interface.h"

static void put_address(struct sockaddr *to, uint32_t address)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_addr.s_addr = address};

	memcpy(to, &in, sizeof(in));
}

/* SIOCGIFCONF: of those that have an IPv4 address. */
static long list(struct ifconf *conf)
{
	size_t room = conf->ifc_len < 0 ? 0 : (size_t)conf->ifc_len, used = 0;
	struct ifreq *to = conf->ifc_req;
	struct netif *netif;

	NETIF_FOREACH(netif)
	{
		if (ip4_addr_isany_val(*netif_ip4_addr(netif)))
			continue;
		if (to && used + sizeof(*to) > room)
			break;
		if (to) {
			memset(to, 0, sizeof(*to));
			net_interface_name(netif, to->ifr_name);
			put_address(&to->ifr_addr, netif_ip4_addr(netif)->addr);
			to++;
		}
		used += sizeof(*to);
	}
	conf->ifc_len = (int)used;
	return 0;
}

static long tell(const struct netif *netif, unsigned request, struct ifreq *r)
{
	uint32_t address = netif_ip4_addr(netif)->addr;
	uint32_t mask = netif_ip4_netmask(netif)->addr;

	switch (request) {
	case SIOCGIFINDEX:
		r->ifr_ifindex = netif_get_index(netif);
		return 0;
	case SIOCGIFFLAGS:
		r->ifr_flags = (short)net_interface_flags(netif);
		return 0;
	case SIOCGIFMTU:
		r->ifr_mtu = netif->mtu;
		return 0;
	case SIOCGIFMETRIC:
		r->ifr_metric = 0;
		return 0;
	case SIOCGIFTXQLEN:
		r->ifr_qlen = 256;
		return 0;
	case SIOCGIFHWADDR:
		memset(&r->ifr_hwaddr, 0, sizeof(r->ifr_hwaddr));
		r->ifr_hwaddr.sa_family =
			netif->hwaddr_len ? ARPHRD_ETHER : ARPHRD_LOOPBACK;
		memcpy(r->ifr_hwaddr.sa_data, netif->hwaddr, netif->hwaddr_len);
		return 0;
	case SIOCGIFBRDADDR:
		address |= ~mask;
		break;
	case SIOCGIFNETMASK:
		address = mask;
		break;
	default:
		break;
	}
	if (!netif_ip4_addr(netif)->addr)
		return -EADDRNOTAVAIL;
	put_address(&r->ifr_addr, address);
	return 0;
}

long net_ioctl(unsigned request, void *arg, size_t readable, size_t unsent)
{
	struct ifreq *r = arg;
	const struct netif *netif;

	switch (request) {
	case FIONREAD:
		*(int *)arg = readable > INT_MAX ? INT_MAX : (int)readable;
		return 0;
	case TIOCOUTQ: /* SIOCOUTQ */
		*(int *)arg = unsent > INT_MAX ? INT_MAX : (int)unsent;
		return 0;
	default:
		break;
	}
	if (request < SIOCGIFNAME || request > SIOCGIFTXQLEN)
		return -ENOTTY;
	if (net_start())
		return -ENOMEM;
	net_config_wait();
	switch (request) {
	case SIOCGIFCONF:
		return list(arg);
	case SIOCGIFNAME:
		netif = net_interface_find(NULL, (unsigned)r->ifr_ifindex);
		if (!netif)
			return -ENODEV;
		net_interface_name(netif, r->ifr_name);
		return 0;
	case SIOCGIFINDEX:
	case SIOCGIFFLAGS:
	case SIOCGIFADDR:
	case SIOCGIFBRDADDR:
	case SIOCGIFNETMASK:
	case SIOCGIFMTU:
	case SIOCGIFMETRIC:
	case SIOCGIFHWADDR:
	case SIOCGIFTXQLEN:
		netif = net_interface_find(r->ifr_name, 0);
		return netif ? tell(netif, request, r) : -ENODEV;
	default:
		return -EPERM; /* nothing can be set */
	}
}
