/* SPDX-License-Identifier: ISC */
/* UDP sockets. */
#include <errno.h>
#include <lwip/netif.h>
#include <netinet/in.h>
#include <string.h>

#include "net.h"
#include "net_address.h"
#include "net_config.h"
#include "net_dgram.h"
#include "net_option.h"
#include "net_random.h"

#define FIRST_PORT 32768u
#define PORT_COUNT 28232u
#define PORT_TRIES 64
#define MAX_BYTES  65507u

static void received(void *arg, struct udp_pcb *pcb, struct pbuf *p,
		     const ip_addr_t *from, u16_t port)
{
	(void)pcb;
	net_dgram_put(arg, p, from, port);
}

static void apply(struct net_dgram *d)
{
	const struct rt_socket *s = d->socket;

	if (__rt_socket_has(s, SO_REUSEADDR) ||
	    __rt_socket_has(s, SO_REUSEPORT))
		ip_set_option(d->udp, SOF_REUSEADDR);
	else
		ip_reset_option(d->udp, SOF_REUSEADDR);
	if (__rt_socket_has(s, SO_BROADCAST))
		ip_set_option(d->udp, SOF_BROADCAST);
	else
		ip_reset_option(d->udp, SOF_BROADCAST);
}

static int bind_any(struct net_dgram *d)
{
	ip_addr_t ip = d->udp->local_ip;
	err_t err;

	for (int i = 0; i < PORT_TRIES; i++) {
		u16_t port = (u16_t)(FIRST_PORT + net_random() % PORT_COUNT);

		err = udp_bind(d->udp, &ip, port);
		if (err != ERR_USE)
			return -net_errno(err);
	}
	return -net_errno(udp_bind(d->udp, &ip, 0));
}

static long udp_socket_bind(struct rt_socket *s, const struct sockaddr *name,
			    socklen_t bytes)
{
	struct net_dgram *d = s->own;
	ip_addr_t ip;
	uint16_t port;
	long err = net_address_read(s->domain, name, bytes, &ip, &port);

	if (err)
		return err;
	if (!net_address_is_local(&ip))
		return -EADDRNOTAVAIL;
	if (d->udp->local_port)
		return -EINVAL;
	net_address_any(s->domain, d->only6, &ip);
	apply(d);
	if (!port) {
		ip_addr_copy(d->udp->local_ip, ip);
		return bind_any(d);
	}
	return -net_errno(udp_bind(d->udp, &ip, port));
}

static long udp_socket_connect(struct rt_socket *s, const struct sockaddr *name,
			       socklen_t bytes, uint64_t until_ns)
{
	struct net_dgram *d = s->own;
	struct netif *netif;
	const ip_addr_t *local;
	ip_addr_t ip;
	uint16_t port;
	long err;

	(void)until_ns;
	if (bytes >= sizeof(name->sa_family) && name->sa_family == AF_UNSPEC) {
		udp_disconnect(d->udp);
		d->connected = 0;
		return 0;
	}
	err = net_address_read(s->domain, name, bytes, &ip, &port);
	if (err)
		return err;
	net_address_target(&ip);
	if (!ip_addr_isloopback(&ip))
		net_config_wait();
	netif = ip_route(&d->udp->local_ip, &ip);
	if (!netif)
		return -ENETUNREACH;
	local = ip_netif_get_local_ip(netif, &ip);
	if (!local || ip_addr_isany(local))
		return -ENETUNREACH;
	if (!d->udp->local_port) {
		err = bind_any(d);
		if (err)
			return err == -EADDRINUSE ? -EAGAIN : err;
	}
	/* What getsockname() is to tell from now on. */
	if (ip_addr_isany(&d->udp->local_ip))
		ip_addr_copy(d->udp->local_ip, *local);
	err = -net_errno(udp_connect(d->udp, &ip, port));
	d->connected = !err;
	return err;
}

static long udp_socket_name(struct rt_socket *s, int peer,
			    struct sockaddr_storage *to, socklen_t *bytes)
{
	const struct net_dgram *d = s->own;

	if (peer && !d->connected)
		return -ENOTCONN;
	*bytes = net_address_write(
		s->domain, peer ? &d->udp->remote_ip : &d->udp->local_ip,
		peer ? d->udp->remote_port : d->udp->local_port, to);
	return 0;
}

/* Where @m goes; NULL in *ip: where it is connected to. */
static long target(struct net_dgram *d, const struct rt_message *m,
		   ip_addr_t *ip, uint16_t *port)
{
	struct netif *netif;
	long err;

	if (!m->to) {
		if (!d->connected)
			return -EDESTADDRREQ;
		*ip = d->udp->remote_ip;
		*port = d->udp->remote_port;
		return 0;
	}
	err = net_address_read(d->socket->domain, m->to, m->name_bytes, ip,
			       port);
	if (err)
		return err;
	if (!*port)
		return -EINVAL;
	net_address_target(ip);
	if (d->only6 && IP_IS_V4(ip))
		return -ENETUNREACH;
	if (!ip_addr_isloopback(ip))
		net_config_wait();
	if (IP_IS_V6(ip) || __rt_socket_has(d->socket, SO_BROADCAST))
		return 0;
	if (ip_2_ip4(ip)->addr == INADDR_BROADCAST)
		return -EACCES;
	netif = ip_route(&d->udp->local_ip, ip);
	return netif && ip4_addr_isbroadcast(ip_2_ip4(ip), netif) ? -EACCES : 0;
}

static long udp_socket_send(struct rt_socket *s, struct rt_message *m,
			    uint64_t until_ns)
{
	struct net_dgram *d = s->own;
	struct pbuf *p;
	ip_addr_t ip;
	uint16_t port;
	err_t err;
	long why = __rt_socket_error(s);

	(void)until_ns;
	if (why)
		return why;
	if (d->write_shut)
		return -EPIPE;
	if (m->bytes > MAX_BYTES)
		return -EMSGSIZE;
	why = target(d, m, &ip, &port);
	if (!why && !d->udp->local_port)
		why = bind_any(d);
	if (why)
		return why;
	apply(d);
	p = net_dgram_gather(m);
	if (!p)
		return -ENOBUFS;
	err = udp_sendto(d->udp, p, &ip, port);
	pbuf_free(p);
	net_kick();
	/* Like a frame that is lost on the wire. */
	if (err == ERR_BUF || err == ERR_IF)
		err = ERR_OK;
	return err ? -net_errno(err) : (long)m->bytes;
}

static void udp_socket_release(struct rt_socket *s)
{
	struct net_dgram *d = s->own;

	net_dgram_forget(d);
	udp_remove(d->udp);
}

static const struct rt_socket_ops udp_ops = {
	.bind = udp_socket_bind,
	.connect = udp_socket_connect,
	.name = udp_socket_name,
	.send = udp_socket_send,
	.receive = net_dgram_receive,
	.shutdown = net_dgram_shutdown,
	.set_option = net_dgram_set_option,
	.get_option = net_dgram_get_option,
	.poll = net_dgram_poll,
	.ioctl = net_dgram_ioctl,
	.release = udp_socket_release,
};

long net_udp_create(struct rt_socket *s)
{
	struct net_dgram *d;
	long err = net_dgram_new(s);

	if (err)
		return err;
	d = s->own;
	d->udp = udp_new_ip_type(s->domain == AF_INET6 ? IPADDR_TYPE_ANY
						       : IPADDR_TYPE_V4);
	if (!d->udp)
		return -ENOBUFS;
	udp_recv(d->udp, received, d);
	udp_set_flags(d->udp, UDP_FLAGS_MULTICAST_LOOP);
	udp_set_multicast_ttl(d->udp, 1);
	s->ops = &udp_ops;
	return 0;
}

void net_udp_refused(const ip_addr_t *to, uint16_t to_port, uint16_t from_port,
		     int error)
{
	for (struct udp_pcb *pcb = udp_pcbs; pcb; pcb = pcb->next) {
		struct net_dgram *d = pcb->recv_arg;

		if (pcb->recv != received || !d->connected ||
		    pcb->local_port != from_port ||
		    pcb->remote_port != to_port ||
		    !ip_addr_cmp(&pcb->remote_ip, to))
			continue;
		d->socket->error = error;
		net_wake(&d->socket->changed, 0);
	}
}
