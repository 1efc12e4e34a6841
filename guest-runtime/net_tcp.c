/* SPDX-License-Identifier: ISC */
#include "net_tcp.h"

#include <errno.h>
#include <lwip/priv/tcp_priv.h>
#include <poll.h>
#include <string.h>

#include "net.h"
#include "net_address.h"
#include "net_config.h"
#include "net_ioctl.h"
#include "net_random.h"
#include "vnode.h"

#define FIRST_PORT 32768u
#define PORT_COUNT 28232u
#define PORT_TRIES 64 /* at random, before lwIP looks at each */

struct net_tcp *net_tcp_new(struct rt_socket *s)
{
	struct net_tcp *tcp = __rt_calloc(1, sizeof(*tcp));

	if (!tcp)
		return NULL;
	tcp->socket = s;
	tcp->queue_end = &tcp->queue;
	return tcp;
}

void net_tcp_wake(struct net_tcp *tcp, unsigned events)
{
	if (tcp->socket)
		net_wake(&tcp->socket->changed, events);
}

static void fail(struct net_tcp *tcp, int error)
{
	if (tcp->socket)
		tcp->socket->error = error;
	else
		tcp->error = error;
}

/* lwIP: the control block is gone. */
static void ended(void *arg, err_t err)
{
	struct net_tcp *tcp = arg;

	if (!tcp)
		return;
	tcp->pcb = NULL;
	if (err != ERR_CLSD) {
		int error = net_errno(err);

		if (err == ERR_RST && tcp->state == NET_TCP_CONNECTING)
			error = ECONNREFUSED;
		else if (err == ERR_RST && tcp->peer_ended)
			error = EPIPE;
		fail(tcp, error);
	}
	if (tcp->state == NET_TCP_CONNECTED)
		tcp->peer_ended = tcp->write_shut = 1;
	tcp->state = NET_TCP_ENDED;
	net_tcp_wake(tcp, POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
}

static err_t sent(void *arg, struct tcp_pcb *pcb, u16_t bytes)
{
	struct net_tcp *tcp = arg;

	(void)pcb, (void)bytes;
	if (tcp && (net_tcp_writable(tcp) || tcp->lingers))
		net_tcp_wake(tcp, POLLOUT);
	return ERR_OK;
}

/* Now and then: memory may have come back. */
static err_t look_again(void *arg, struct tcp_pcb *pcb)
{
	struct net_tcp *tcp = arg;

	(void)pcb;
	if (tcp && tcp->starved) {
		tcp->starved = 0;
		net_tcp_wake(tcp, POLLOUT);
	}
	return ERR_OK;
}

void net_tcp_attach(struct net_tcp *tcp, struct tcp_pcb *pcb)
{
	tcp->pcb = pcb;
	tcp->small_end = pcb->lastack;
	tcp_arg(pcb, tcp);
	tcp_err(pcb, ended);
	tcp_recv(pcb, net_tcp_received);
	tcp_sent(pcb, sent);
	tcp_poll(pcb, look_again, 2);
}

static void note_ends(struct net_tcp *tcp)
{
	tcp->local_ip = tcp->pcb->local_ip;
	tcp->local_port = tcp->pcb->local_port;
	tcp->remote_ip = tcp->pcb->remote_ip;
	tcp->remote_port = tcp->pcb->remote_port;
}

void net_tcp_detach(struct net_tcp *tcp)
{
	struct tcp_pcb *pcb = tcp->pcb;

	if (!pcb)
		return;
	note_ends(tcp);
	tcp->pcb = NULL;
	tcp_arg(pcb, NULL);
	tcp_err(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_poll(pcb, NULL, 0);
}

int net_tcp_pcb(struct net_tcp *tcp)
{
	u8_t type = IPADDR_TYPE_V4;
	struct tcp_pcb *pcb;

	if (tcp->pcb)
		return 0;
	if (tcp->socket->domain == AF_INET6)
		type = tcp->only6 ? IPADDR_TYPE_V6 : IPADDR_TYPE_ANY;
	pcb = tcp_new_ip_type(type);
	if (!pcb)
		return -ENOBUFS;
	net_tcp_attach(tcp, pcb);
	net_tcp_apply(tcp);
	return 0;
}

long net_tcp_create(struct rt_socket *s)
{
	struct net_tcp *tcp = net_tcp_new(s);

	if (!tcp)
		return -ENOMEM;
	s->own = tcp;
	s->ops = &net_tcp_ops;
	return 0;
}

int net_tcp_bind_any(struct net_tcp *tcp)
{
	ip_addr_t ip = tcp->pcb->local_ip;
	err_t err;

	for (int i = 0; i < PORT_TRIES; i++) {
		u16_t port = (u16_t)(FIRST_PORT + net_random() % PORT_COUNT);

		err = tcp_bind(tcp->pcb, &ip, port);
		if (err != ERR_USE)
			return -net_errno(err);
	}
	err = tcp_bind(tcp->pcb, &ip, 0);
	return err == ERR_BUF ? -EADDRINUSE : -net_errno(err);
}

static long tcp_socket_bind(struct rt_socket *s, const struct sockaddr *name,
			    socklen_t bytes)
{
	struct net_tcp *tcp = s->own;
	ip_addr_t ip;
	uint16_t port;
	long err = net_address_read(s->domain, name, bytes, &ip, &port);

	if (err)
		return err;
	if (!net_address_is_local(&ip) || ip_addr_ismulticast(&ip))
		return -EADDRNOTAVAIL;
	if (tcp->state != NET_TCP_NEW || (tcp->pcb && tcp->pcb->local_port))
		return -EINVAL;
	err = net_tcp_pcb(tcp);
	if (err)
		return err;
	net_address_any(s->domain, tcp->only6, &ip);
	net_tcp_apply(tcp);
	if (!port) {
		ip_addr_copy(tcp->pcb->local_ip, ip);
		return net_tcp_bind_any(tcp);
	}
	return -net_errno(tcp_bind(tcp->pcb, &ip, port));
}

static err_t connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct net_tcp *tcp = arg;

	(void)err;
	if (!tcp)
		return ERR_OK;
	tcp->state = NET_TCP_CONNECTED;
	tcp->pcb = pcb;
	tcp->small_end = pcb->lastack;
	net_tcp_limit_window(tcp);
	net_tcp_wake(tcp, POLLOUT);
	return ERR_OK;
}

static long begin_connect(struct rt_socket *s, const struct sockaddr *name,
			  socklen_t bytes)
{
	struct net_tcp *tcp = s->own;
	ip_addr_t ip;
	uint16_t port;
	long err = net_address_read(s->domain, name, bytes, &ip, &port);

	if (err)
		return err;
	net_address_target(&ip);
	if (ip_addr_ismulticast(&ip) || (tcp->only6 && IP_IS_V4(&ip)))
		return -ENETUNREACH;
	if (!ip_addr_isloopback(&ip))
		net_config_wait();
	if (tcp->state == NET_TCP_ENDED)
		tcp->state = NET_TCP_NEW; /* the last attempt failed */
	err = net_tcp_pcb(tcp);
	if (!err && !tcp->pcb->local_port)
		err = net_tcp_bind_any(tcp);
	if (err)
		return err == -EADDRINUSE ? -EADDRNOTAVAIL : err;
	tcp->state = NET_TCP_CONNECTING;
	tcp->told = tcp->peer_ended = tcp->write_shut = 0;
	err = -net_errno(tcp_connect(tcp->pcb, &ip, port, connected));
	if (err) {
		tcp->state = NET_TCP_NEW;
		return err == -EADDRINUSE ? -EADDRNOTAVAIL : err;
	}
	net_kick();
	return 0;
}

static long tcp_socket_connect(struct rt_socket *s, const struct sockaddr *name,
			       socklen_t bytes, uint64_t until_ns)
{
	struct net_tcp *tcp = s->own;
	long err;

	switch (tcp->state) {
	case NET_TCP_NEW:
	case NET_TCP_ENDED:
		if (tcp->told)
			return -EISCONN;
		err = __rt_socket_error(s);
		if (!err)
			err = begin_connect(s, name, bytes);
		if (err)
			return err;
		break;
	case NET_TCP_CONNECTING:
		if (!until_ns)
			return -EALREADY;
		break;
	case NET_TCP_CONNECTED:
		if (tcp->told)
			return -EISCONN;
		break;
	case NET_TCP_LISTENING:
		return -EISCONN;
	}
	while (tcp->state == NET_TCP_CONNECTING) {
		err = __rt_socket_wait(s, until_ns);
		if (err)
			return err == -EAGAIN ? -EINPROGRESS : err;
	}
	err = __rt_socket_error(s);
	if (!err)
		tcp->told = 1;
	return err;
}

static long tcp_socket_name(struct rt_socket *s, int peer,
			    struct sockaddr_storage *to, socklen_t *bytes)
{
	struct net_tcp *tcp = s->own;

	if (peer && (tcp->state != NET_TCP_CONNECTED ||
		     (tcp->peer_ended && tcp->write_shut)))
		return -ENOTCONN;
	if (tcp->pcb && tcp->state == NET_TCP_LISTENING) {
		tcp->local_ip = tcp->pcb->local_ip;
		tcp->local_port = tcp->pcb->local_port;
	} else if (tcp->pcb) {
		note_ends(tcp);
	}
	*bytes = net_address_write(
		s->domain, peer ? &tcp->remote_ip : &tcp->local_ip,
		peer ? tcp->remote_port : tcp->local_port, to);
	return 0;
}

static long tcp_socket_shutdown(struct rt_socket *s, int how)
{
	struct net_tcp *tcp = s->own;

	if (tcp->state == NET_TCP_LISTENING) {
		if (how != SHUT_WR)
			net_tcp_unlisten(tcp);
		return 0;
	}
	if (tcp->state != NET_TCP_CONNECTED)
		return -ENOTCONN;
	if (how != SHUT_WR)
		tcp->read_shut = 1;
	if (how != SHUT_RD && !tcp->write_shut) {
		tcp->write_shut = 1;
		if (tcp->pcb)
			tcp_shutdown(tcp->pcb, 0, 1);
		if (tcp->peer_ended)
			net_tcp_detach(tcp);
		net_kick();
	}
	net_tcp_wake(tcp, POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
	return 0;
}

static unsigned tcp_socket_poll(struct rt_socket *s)
{
	struct net_tcp *tcp = s->own;
	unsigned events = 0;

	if (tcp->state == NET_TCP_CONNECTED || tcp->state == NET_TCP_LISTENING)
		net_look();
	if (tcp->state == NET_TCP_LISTENING)
		return tcp->queue ? POLLIN | POLLRDNORM : 0;
	if (tcp->state == NET_TCP_CONNECTING)
		return 0;
	if (tcp->state == NET_TCP_NEW)
		return POLLOUT | POLLWRNORM | POLLHUP;
	if (tcp->bytes || tcp->peer_ended || tcp->read_shut || s->error)
		events |= POLLIN | POLLRDNORM;
	if (tcp->peer_ended || tcp->read_shut)
		events |= POLLRDHUP;
	if (net_tcp_writable(tcp) || tcp->write_shut || s->error)
		events |= POLLOUT | POLLWRNORM;
	if (tcp->state == NET_TCP_ENDED ||
	    ((tcp->peer_ended || tcp->read_shut) && tcp->write_shut))
		events |= POLLHUP;
	return s->error ? events | POLLERR : events;
}

static long tcp_socket_ioctl(struct rt_socket *s, unsigned request, void *arg)
{
	struct net_tcp *tcp = s->own;

	return net_ioctl(request, arg, tcp->bytes,
			 tcp->pcb && tcp->state == NET_TCP_CONNECTED
				 ? tcp->pcb->snd_lbb - tcp->pcb->lastack
				 : 0);
}

const struct rt_socket_ops net_tcp_ops = {
	.bind = tcp_socket_bind,
	.listen = net_tcp_listen,
	.accept = net_tcp_accept,
	.connect = tcp_socket_connect,
	.name = tcp_socket_name,
	.send = net_tcp_send,
	.receive = net_tcp_receive,
	.shutdown = tcp_socket_shutdown,
	.set_option = net_tcp_set_option,
	.get_option = net_tcp_get_option,
	.poll = tcp_socket_poll,
	.ioctl = tcp_socket_ioctl,
	.release = net_tcp_release,
};
