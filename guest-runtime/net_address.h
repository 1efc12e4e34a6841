/* SPDX-License-Identifier: ISC */
/* Addresses of sockets, between the C library's form and lwIP's. */
#ifndef RT_NET_ADDRESS_H
#define RT_NET_ADDRESS_H

#include <lwip/ip_addr.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * What @name says to a socket of @domain. An IPv4 address in IPv6 form becomes
 * one of IPv4. 0, -EINVAL, -EAFNOSUPPORT.
 */
int net_address_read(int domain, const struct sockaddr *name, socklen_t bytes,
		     ip_addr_t *ip, uint16_t *port);

/* The other way round; returns the length. */
socklen_t net_address_write(int domain, const ip_addr_t *ip, uint16_t port,
			    struct sockaddr_storage *to);

/* Makes a place to bind to where it is "any": both, or IPv6 alone. */
void net_address_any(int domain, int only6, ip_addr_t *ip);

/* Makes "any" as a destination this host itself, as Linux does. */
void net_address_target(ip_addr_t *ip);

/* Whether a socket may be bound to it: one of this host's, any, multicast. */
int net_address_is_local(const ip_addr_t *ip);

#endif
