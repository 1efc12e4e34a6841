/* SPDX-License-Identifier: ISC */
#include "net_dgram.h"

#include <errno.h>
#include <lwip/ip.h>
#include <lwip/netif.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>

#include "net.h"
#include "net_address.h"
#include "net_group.h"
#include "net_ioctl.h"
#include "vnode.h"

#define QUEUE_BYTES (256UL * 1024) /* without SO_RCVBUF */

long net_dgram_new(struct rt_socket *s)
{
	struct net_dgram *d = __rt_calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->socket = s;
	d->end = &d->first;
	s->own = d;
	return 0;
}

static size_t cost(const struct net_message *m)
{
	return sizeof(*m) + sizeof(*m->p) + m->p->tot_len;
}

void net_dgram_put(struct net_dgram *d, struct pbuf *p, const ip_addr_t *from,
		   uint16_t port)
{
	size_t most = (size_t)d->socket->receive_bytes;
	struct net_message *m;

	if (!most)
		most = QUEUE_BYTES;
	m = d->read_shut || d->bytes >= most ? NULL : mem_malloc(sizeof(*m));
	if (!m) {
		pbuf_free(p);
		return;
	}
	*m = (struct net_message){
		.p = p,
		.from = *from,
		.to = *ip_current_dest_addr(),
		.port = port,
		.interface = netif_get_index(ip_current_input_netif()),
	};
	if (ip_current_is_v6()) {
		m->ttl = IP6H_HOPLIM(ip6_current_header());
		m->tos = (uint8_t)IP6H_TC(ip6_current_header());
	} else {
		m->ttl = IPH_TTL(ip4_current_header());
		m->tos = IPH_TOS(ip4_current_header());
	}
	*d->end = m;
	d->end = &m->next;
	d->bytes += cost(m);
	net_wake(&d->socket->changed, POLLIN);
}

static void drop_first(struct net_dgram *d)
{
	struct net_message *m = d->first;

	d->first = m->next;
	if (!d->first)
		d->end = &d->first;
	d->bytes -= cost(m);
	pbuf_free(m->p);
	mem_free(m);
}

void net_dgram_forget(struct net_dgram *d)
{
	net_group_forget(d);
	while (d->first)
		drop_first(d);
}

/* Puts one control message behind those that are there already. */
static void add_control(struct rt_message *m, size_t *used, int level, int type,
			const void *data, size_t bytes)
{
	struct cmsghdr *c = (void *)((char *)m->control + *used);

	if (m->control_bytes < *used + CMSG_LEN(bytes)) {
		m->out_flags |= MSG_CTRUNC;
		return;
	}
	c->cmsg_len = (socklen_t)CMSG_LEN(bytes);
	c->cmsg_level = level;
	c->cmsg_type = type;
	memcpy(CMSG_DATA(c), data, bytes);
	*used += CMSG_SPACE(bytes);
	if (*used > m->control_bytes)
		*used = m->control_bytes;
}

static void give_control(const struct net_dgram *d,
			 const struct net_message *from, struct rt_message *m)
{
	const int is6 = d->socket->domain == AF_INET6;
	struct sockaddr_storage to;
	size_t used = 0;
	int ttl = from->ttl, tos = from->tos;

	net_address_write(d->socket->domain, &from->to, 0, &to);
	if (d->packet_info && is6) {
		struct in6_pktinfo info = {.ipi6_ifindex = from->interface};

		info.ipi6_addr = ((struct sockaddr_in6 *)&to)->sin6_addr;
		add_control(m, &used, IPPROTO_IPV6, IPV6_PKTINFO, &info,
			    sizeof(info));
	} else if (d->packet_info) {
		struct in_pktinfo info = {.ipi_ifindex = from->interface};

		info.ipi_addr = ((struct sockaddr_in *)&to)->sin_addr;
		info.ipi_spec_dst = info.ipi_addr;
		add_control(m, &used, IPPROTO_IP, IP_PKTINFO, &info,
			    sizeof(info));
	}
	if (d->tell_ttl)
		add_control(m, &used, is6 ? IPPROTO_IPV6 : IPPROTO_IP,
			    is6 ? IPV6_HOPLIMIT : IP_TTL, &ttl, sizeof(ttl));
	if (d->tell_tos)
		add_control(m, &used, is6 ? IPPROTO_IPV6 : IPPROTO_IP,
			    is6 ? IPV6_TCLASS : IP_TOS, &tos,
			    is6 ? sizeof(tos) : 1);
	m->control_bytes = used;
}

static void give_name(const struct net_dgram *d, const struct net_message *from,
		      struct rt_message *m)
{
	struct sockaddr_storage name;
	socklen_t room = m->name_bytes;

	m->name_bytes = net_address_write(d->socket->domain, &from->from,
					  from->port, &name);
	if (m->from)
		memcpy(m->from, &name,
		       room < m->name_bytes ? room : m->name_bytes);
}

static long wait_for_message(struct rt_socket *s, uint64_t until_ns)
{
	struct net_dgram *d = s->own;
	long err;

	while (!d->first) {
		err = __rt_socket_error(s);
		if (err || d->read_shut)
			return err;
		if (!until_ns)
			net_look();
		if (d->first)
			break;
		err = __rt_socket_wait(s, until_ns);
		if (err)
			return err;
	}
	return 0;
}

long net_dgram_receive(struct rt_socket *s, struct rt_message *m,
		       uint64_t until_ns)
{
	struct net_dgram *d = s->own;
	long err = m->flags & (MSG_OOB | MSG_ERRQUEUE) ? -EAGAIN : 0;
	size_t bytes, done = 0;

	if (!err)
		err = wait_for_message(s, until_ns);
	if (err || !d->first) {
		m->name_bytes = 0;
		m->control_bytes = 0;
		return err;
	}
	bytes = d->first->p->tot_len;
	for (int i = 0; i < m->iov_count && done < bytes; i++) {
		size_t n = m->iov[i].iov_len;

		if (n > bytes - done)
			n = bytes - done;
		pbuf_copy_partial(d->first->p, m->iov[i].iov_base, (u16_t)n,
				  (u16_t)done);
		done += n;
	}
	if (done < bytes)
		m->out_flags |= MSG_TRUNC;
	give_name(d, d->first, m);
	give_control(d, d->first, m);
	if (!(m->flags & MSG_PEEK))
		drop_first(d);
	return (long)(m->flags & MSG_TRUNC ? bytes : done);
}

unsigned net_dgram_poll(struct rt_socket *s)
{
	const struct net_dgram *d = s->own;
	unsigned events = POLLOUT | POLLWRNORM;

	net_look();
	if (d->first || d->read_shut)
		events |= POLLIN | POLLRDNORM;
	if (d->read_shut)
		events |= POLLRDHUP;
	if (d->read_shut && d->write_shut)
		events |= POLLHUP;
	return s->error ? events | POLLERR : events;
}

long net_dgram_shutdown(struct rt_socket *s, int how)
{
	struct net_dgram *d = s->own;

	if (!d->connected)
		return -ENOTCONN;
	if (how != SHUT_WR)
		d->read_shut = 1;
	if (how != SHUT_RD)
		d->write_shut = 1;
	net_wake(&s->changed, POLLIN | POLLHUP | POLLRDHUP);
	return 0;
}

long net_dgram_ioctl(struct rt_socket *s, unsigned request, void *arg)
{
	const struct net_dgram *d = s->own;

	return net_ioctl(request, arg, d->first ? d->first->p->tot_len : 0, 0);
}

struct pbuf *net_dgram_gather(const struct rt_message *m)
{
	struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)m->bytes, PBUF_RAM);
	char *to = p ? p->payload : NULL;

	for (int i = 0; p && i < m->iov_count; i++) {
		memcpy(to, m->iov[i].iov_base, m->iov[i].iov_len);
		to += m->iov[i].iov_len;
	}
	return p;
}
