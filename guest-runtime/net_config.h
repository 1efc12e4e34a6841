/* SPDX-License-Identifier: ISC */
/* Addresses: told by the tender, or asked of the network. */
#ifndef RT_NET_CONFIG_H
#define RT_NET_CONFIG_H

#include <lwip/ip_addr.h>
#include <lwip/netif.h>
#include <stddef.h>

struct bp_net;

/* Gives a new interface its addresses, or begins to ask for some. */
void net_config_start(struct netif *netif, const struct bp_net *info);

/*
 * Waits until no interface asks any more, but not long: what needs an address
 * of its own calls it.
 */
void net_config_wait(void);

/* What /etc/resolv.conf says, and its length: see resolv.h. */
size_t net_resolv(char *to, size_t room);

/* Where packets to @to go that no router has told about (lwIP calls it). */
const ip6_addr_t *net_gateway6(struct netif *netif, const ip6_addr_t *to);

#endif
