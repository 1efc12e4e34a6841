/* SPDX-License-Identifier: ISC */
/* Multicast groups that a socket has joined. */
#ifndef RT_NET_GROUP_H
#define RT_NET_GROUP_H

#include <sys/socket.h>

struct net_dgram;

/* IP_ADD_MEMBERSHIP, IPV6_JOIN_GROUP and the like. -ENOPROTOOPT: is none. */
long net_group_option(struct net_dgram *d, int level, int name,
		      const void *value, socklen_t bytes);

/* Leaves all of them. */
void net_group_forget(struct net_dgram *d);

#endif
