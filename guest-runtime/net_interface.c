/* SPDX-License-Identifier: ISC */
#include "net_interface.h"

#include <lwip/netif.h>
#include <net/if.h>
#include <string.h>

/* lwIP's number 1 is loopback. */
#define FIRST_DEVICE 2

void net_interface_name(const struct netif *netif, char *to)
{
	unsigned number = netif_get_index(netif) - FIRST_DEVICE;

	if (!netif->hwaddr_len) {
		strcpy(to, "lo");
		return;
	}
	memcpy(to, "eth", 3);
	to += 3;
	if (number >= 10)
		*to++ = (char)('0' + number / 10);
	*to++ = (char)('0' + number % 10);
	*to = '\0';
}

unsigned net_interface_flags(const struct netif *netif)
{
	unsigned flags = netif_is_up(netif) ? IFF_UP : 0;

	if (netif_is_up(netif) &&
	    (netif_is_link_up(netif) || !netif->hwaddr_len))
		flags |= IFF_RUNNING;
	return flags | (netif->hwaddr_len ? IFF_BROADCAST | IFF_MULTICAST
					  : IFF_LOOPBACK);
}

struct netif *net_interface_find(const char *name, unsigned index)
{
	char own[IF_NAMESIZE];
	struct netif *netif;

	NETIF_FOREACH(netif)
	{
		net_interface_name(netif, own);
		if (name ? !strcmp(name, own) : netif_get_index(netif) == index)
			return netif;
	}
	return NULL;
}
