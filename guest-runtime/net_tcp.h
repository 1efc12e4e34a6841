/* SPDX-License-Identifier: ISC */
/*
 * TCP sockets.
 *
 * THEORY OF OPERATION
 * A connection has up to three parts: lwIP's control block, the struct net_tcp,
 * and the struct rt_socket. A connection that waits to be accepted has no
 * socket yet; one that has failed, or ended in both directions, has no control
 * block any more, but data may be left to read; a closed socket leaves its
 * control block behind, which lwIP brings to an end alone. lwIP may free a
 * control block in any call of it: ->pcb is NULL then.
 */
#ifndef RT_NET_TCP_H
#define RT_NET_TCP_H

#include <lwip/tcp.h>
#include <stddef.h>
#include <stdint.h>

#include "socket.h"

enum net_tcp_state {
	NET_TCP_NEW, /* or bound */
	NET_TCP_LISTENING,
	NET_TCP_CONNECTING,
	NET_TCP_CONNECTED,
	NET_TCP_ENDED, /* was connected, or failed to */
};

struct net_tcp {
	struct rt_socket *socket; /* NULL: not yet accepted */
	struct tcp_pcb *pcb;
	enum net_tcp_state state;
	int error; /* until there is a socket to tell it */
	unsigned only6 : 1;
	unsigned told : 1;	 /* connect() said that it is connected */
	unsigned peer_ended : 1; /* it sends no more */
	unsigned read_shut : 1;
	unsigned write_shut : 1;
	unsigned lingers : 1; /* close() waits for the end */
	unsigned corked : 1;
	unsigned send_limited : 1; /* by SO_SNDBUF */
	unsigned starved : 1;	   /* of memory, while somebody wants to send */

	/* Received: pbufs linked by ->next alone, each a message of its own. */
	struct pbuf *first, *last;
	size_t bytes;
	unsigned room;	 /* that ->last has behind its data */
	unsigned window; /* that the peer gets at most; 0: lwIP's own */

	/* Listening: connections that wait, and how many there may be. */
	struct net_tcp *queue, **queue_end, *next;
	unsigned queued, backlog;

	uint32_t small_end; /* of the last segment sent that was not full */

	/* Who it was between, once there is no control block. */
	ip_addr_t local_ip, remote_ip;
	uint16_t local_port, remote_port;

	/* Options that a control block to come, or its children, get. */
	uint8_t tos, ttl;
	unsigned nodelay : 1;
	unsigned keep_idle_s, keep_interval_s, keep_count;
};

extern const struct rt_socket_ops net_tcp_ops;

/* Makes the family's part of a new socket. 0 or -ENOMEM. */
long net_tcp_create(struct rt_socket *s);

/* A struct net_tcp, NULL: no memory. */
struct net_tcp *net_tcp_new(struct rt_socket *s);

/* Ends what there is of one without a socket, and frees it. */
void net_tcp_drop(struct net_tcp *tcp);

/* A control block of its own, -ENOBUFS. Does nothing if it has one. */
int net_tcp_pcb(struct net_tcp *tcp);

/* Makes lwIP report about @pcb to @tcp. */
void net_tcp_attach(struct net_tcp *tcp, struct tcp_pcb *pcb);

/* The other way round: what it knew is noted. */
void net_tcp_detach(struct net_tcp *tcp);

/* Chooses a port, where none is given. 0 or -errno. */
int net_tcp_bind_any(struct net_tcp *tcp);

void net_tcp_wake(struct net_tcp *tcp, unsigned events);

/* net_tcp_listen.c */
long net_tcp_listen(struct rt_socket *s, int backlog);
long net_tcp_accept(struct rt_socket *s, struct rt_socket **to,
		    uint64_t until_ns);
void net_tcp_unlisten(struct net_tcp *tcp);

/* net_tcp_send.c */
long net_tcp_send(struct rt_socket *s, struct rt_message *m, uint64_t until_ns);
/* Whether poll() is to say that it can be written to. */
int net_tcp_writable(const struct net_tcp *tcp);

/* net_tcp_receive.c */
long net_tcp_receive(struct rt_socket *s, struct rt_message *m,
		     uint64_t until_ns);
/* lwIP's callback for data and the end of it. */
err_t net_tcp_received(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
		       err_t err);
/* Of a new connection, as SO_RCVBUF says. */
void net_tcp_limit_window(struct net_tcp *tcp);
/* Frees what was received and not read. */
void net_tcp_forget(struct net_tcp *tcp);

/* net_tcp_close.c */
/* Ends the connection; what was not read makes it a reset. */
void net_tcp_release(struct rt_socket *s);
/* The same for all, at the end of the program; sockets are not used again. */
void net_tcp_close_all(void);

/* net_tcp_option.c */
long net_tcp_set_option(struct rt_socket *s, int level, int name,
			const void *value, socklen_t bytes);
long net_tcp_get_option(struct rt_socket *s, int level, int name, void *value,
			socklen_t *bytes);
/* Gives the control block what was set. */
void net_tcp_apply(struct net_tcp *tcp);

#endif
