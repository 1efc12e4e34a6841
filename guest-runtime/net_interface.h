/* SPDX-License-Identifier: ISC */
/* Interfaces as programs see them: lo, eth0, eth1... */
#ifndef RT_NET_INTERFACE_H
#define RT_NET_INTERFACE_H

struct netif;

/* Its name, at most IF_NAMESIZE bytes. */
void net_interface_name(const struct netif *netif, char *to);

/* IFF_*. */
unsigned net_interface_flags(const struct netif *netif);

/* By name, or where that is NULL by number; NULL: there is none. */
struct netif *net_interface_find(const char *name, unsigned index);

#endif
