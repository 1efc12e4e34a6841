/* SPDX-License-Identifier: ISC */
/*
 * Sockets that carry messages: UDP, and ICMP for ping. What they share is the
 * queue of messages that came, and the options of IP.
 */
#ifndef RT_NET_DGRAM_H
#define RT_NET_DGRAM_H

#include <lwip/raw.h>
#include <lwip/udp.h>
#include <stddef.h>
#include <stdint.h>

#include "socket.h"

/* One that came, or an error that came instead. */
struct net_message {
	struct net_message *next;
	struct pbuf *p;
	ip_addr_t from, to;
	uint16_t port;
	uint8_t interface;
	uint8_t ttl, tos;
};

struct net_group {
	struct net_group *next;
	ip_addr_t group;
	uint8_t interface;
};

struct net_dgram {
	struct rt_socket *socket;
	struct udp_pcb *udp; /* one of these */
	struct raw_pcb *raw;
	struct net_message *first, **end;
	size_t bytes; /* that the messages take, what belongs to them included
		       */
	struct net_group *groups;
	unsigned only6 : 1;
	unsigned connected : 1;
	unsigned read_shut : 1, write_shut : 1;
	unsigned echo : 1;	  /* SOCK_DGRAM of ICMP: no headers */
	unsigned packet_info : 1; /* IP_PKTINFO, IPV6_RECVPKTINFO */
	unsigned tell_ttl : 1, tell_tos : 1;
	uint16_t id; /* of echo requests */
};

/* A new one as ->own of @s. 0 or -ENOMEM. */
long net_dgram_new(struct rt_socket *s);

/* Queues a message and takes @p, or drops it. @p is what is to be read. */
void net_dgram_put(struct net_dgram *d, struct pbuf *p, const ip_addr_t *from,
		   uint16_t port);

/* struct rt_socket_ops; ->raw and ->udp are the caller's to free. */
long net_dgram_receive(struct rt_socket *s, struct rt_message *m,
		       uint64_t until_ns);
unsigned net_dgram_poll(struct rt_socket *s);
long net_dgram_shutdown(struct rt_socket *s, int how);
long net_dgram_ioctl(struct rt_socket *s, unsigned request, void *arg);
void net_dgram_forget(struct net_dgram *d);

/* A copy of what @m sends, with room for headers. NULL: no memory. */
struct pbuf *net_dgram_gather(const struct rt_message *m);

/* net_ip_option.c: those of IP, for either kind. */
long net_dgram_set_option(struct rt_socket *s, int level, int name,
			  const void *value, socklen_t bytes);
long net_dgram_get_option(struct rt_socket *s, int level, int name, void *value,
			  socklen_t *bytes);

/* net_udp.c, net_raw.c */
long net_udp_create(struct rt_socket *s);
long net_raw_create(struct rt_socket *s);

/* lwIP said that a destination cannot be reached: @error for who sent there. */
void net_udp_refused(const ip_addr_t *to, uint16_t to_port, uint16_t from_port,
		     int error);

#endif
