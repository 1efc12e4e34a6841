/* SPDX-License-Identifier: ISC */
/* The Internet's families of sockets, for the table in socket_open.c. */
#ifndef RT_NET_FAMILY_H
#define RT_NET_FAMILY_H

struct rt_socket_family;

extern const struct rt_socket_family __rt_inet_family;
extern const struct rt_socket_family __rt_inet6_family;
extern const struct rt_socket_family __rt_netlink_family;

#endif
