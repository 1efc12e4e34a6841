/* SPDX-License-Identifier: ISC */
/*
 * AF_NETLINK, as far as getifaddrs(3), if_nameindex(3) and "ip address" ask:
 * lists of interfaces and of addresses (rtnetlink(7)).
 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <lwip/netif.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>

#include "net.h"
#include "net_config.h"
#include "net_family.h"
#include "net_interface.h"
#include "socket.h"
#include "vnode.h"

/* An answer: all interfaces have room in it, with all their addresses. */
#define ANSWER_BYTES 16384

struct netlink {
	size_t used, read; /* of the answer */
	uint32_t port, sequence;
	_Alignas(struct nlmsghdr) char answer[ANSWER_BYTES];
};

static void *put(struct netlink *n, const void *data, size_t bytes)
{
	char *to = n->answer + n->used;

	if (ANSWER_BYTES - n->used < NLMSG_ALIGN(bytes))
		return NULL;
	memset(to, 0, NLMSG_ALIGN(bytes));
	if (data)
		memcpy(to, data, bytes);
	n->used += NLMSG_ALIGN(bytes);
	return to;
}

static void attribute(struct netlink *n, unsigned short type, const void *data,
		      size_t bytes)
{
	struct rtattr a = {(unsigned short)RTA_LENGTH(bytes), type};

	if (put(n, &a, sizeof(a)))
		put(n, data, bytes);
}

/* Begins a message with a body of its type; end() gives it its length. */
static struct nlmsghdr *begin(struct netlink *n, unsigned short type,
			      const void *body, size_t bytes)
{
	struct nlmsghdr head = {.nlmsg_type = type,
				.nlmsg_flags = NLM_F_MULTI,
				.nlmsg_seq = n->sequence,
				.nlmsg_pid = n->port};
	struct nlmsghdr *made = put(n, &head, sizeof(head));

	if (made)
		put(n, body, bytes);
	return made;
}

static void end(const struct netlink *n, struct nlmsghdr *head)
{
	if (head)
		head->nlmsg_len =
			(uint32_t)(n->answer + n->used - (const char *)head);
}

static void add_link(struct netlink *n, const struct netif *netif)
{
	const unsigned char all_ones[] = {255, 255, 255, 255, 255, 255};
	const unsigned char none[6] = {0};
	const int is_device = netif->hwaddr_len;
	struct ifinfomsg link = {
		.ifi_type = is_device ? ARPHRD_ETHER : ARPHRD_LOOPBACK,
		.ifi_index = netif_get_index(netif),
		.ifi_flags = net_interface_flags(netif),
	};
	struct nlmsghdr *head = begin(n, RTM_NEWLINK, &link, sizeof(link));
	char name[IF_NAMESIZE];
	uint32_t mtu = netif->mtu;

	net_interface_name(netif, name);
	attribute(n, IFLA_IFNAME, name, strlen(name) + 1);
	attribute(n, IFLA_MTU, &mtu, sizeof(mtu));
	attribute(n, IFLA_ADDRESS, is_device ? netif->hwaddr : none, 6);
	attribute(n, IFLA_BROADCAST, is_device ? all_ones : none, 6);
	end(n, head);
}

static void add_address4(struct netlink *n, const struct netif *netif)
{
	const uint32_t ip = netif_ip4_addr(netif)->addr;
	const uint32_t mask = netif_ip4_netmask(netif)->addr;
	const uint32_t broadcast = ip | ~mask;
	struct ifaddrmsg a = {
		.ifa_family = AF_INET,
		.ifa_prefixlen = (uint8_t)__builtin_popcount(mask),
		.ifa_flags = IFA_F_PERMANENT,
		.ifa_scope =
			netif->hwaddr_len ? RT_SCOPE_UNIVERSE : RT_SCOPE_HOST,
		.ifa_index = netif_get_index(netif),
	};
	struct nlmsghdr *head;
	char name[IF_NAMESIZE];

	if (!ip)
		return;
	head = begin(n, RTM_NEWADDR, &a, sizeof(a));
	net_interface_name(netif, name);
	attribute(n, IFA_ADDRESS, &ip, sizeof(ip));
	attribute(n, IFA_LOCAL, &ip, sizeof(ip));
	if (netif->hwaddr_len)
		attribute(n, IFA_BROADCAST, &broadcast, sizeof(broadcast));
	attribute(n, IFA_LABEL, name, strlen(name) + 1);
	end(n, head);
}

static void add_address6(struct netlink *n, const struct netif *netif, s8_t i)
{
	const ip6_addr_t *ip = netif_ip6_addr(netif, i);
	struct ifaddrmsg a = {
		.ifa_family = AF_INET6,
		.ifa_prefixlen = netif->hwaddr_len ? 64 : 128,
		.ifa_flags = IFA_F_PERMANENT,
		.ifa_scope = ip6_addr_islinklocal(ip) ? RT_SCOPE_LINK
						      : RT_SCOPE_UNIVERSE,
		.ifa_index = netif_get_index(netif),
	};
	struct nlmsghdr *head;

	if (!ip6_addr_isvalid(netif_ip6_addr_state(netif, i)))
		return;
	if (!netif->hwaddr_len)
		a.ifa_scope = RT_SCOPE_HOST;
	head = begin(n, RTM_NEWADDR, &a, sizeof(a));
	attribute(n, IFA_ADDRESS, ip->addr, sizeof(ip->addr));
	end(n, head);
}

static void answer(struct netlink *n, const struct nlmsghdr *question)
{
	const unsigned char family =
		question->nlmsg_len > NLMSG_HDRLEN
			? *(const unsigned char *)NLMSG_DATA(question)
			: AF_UNSPEC;
	const int none = 0;
	struct netif *netif;

	NETIF_FOREACH(netif)
	{
		if (question->nlmsg_type == RTM_GETLINK) {
			add_link(n, netif);
			continue;
		}
		if (family != AF_INET6)
			add_address4(n, netif);
		for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
			if (family != AF_INET)
				add_address6(n, netif, i);
	}
	end(n, begin(n, NLMSG_DONE, &none, sizeof(none)));
}

static void refuse(struct netlink *n, const struct nlmsghdr *question,
		   int error)
{
	struct nlmsgerr e = {.error = -error, .msg = *question};
	struct nlmsghdr *head = begin(n, NLMSG_ERROR, &e, sizeof(e));

	if (head)
		head->nlmsg_flags = 0;
	end(n, head);
}

static long netlink_send(struct rt_socket *s, struct rt_message *m,
			 uint64_t until_ns)
{
	struct netlink *n = s->own;
	struct {
		struct nlmsghdr head;
		char body[64];
	} question = {0};
	size_t got = 0;

	(void)until_ns;
	for (int i = 0; i < m->iov_count && got < sizeof(question); i++) {
		size_t part = m->iov[i].iov_len;

		if (part > sizeof(question) - got)
			part = sizeof(question) - got;
		memcpy((char *)&question + got, m->iov[i].iov_base, part);
		got += part;
	}
	if (got < sizeof(question.head) ||
	    question.head.nlmsg_len < sizeof(question.head) ||
	    question.head.nlmsg_len > m->bytes)
		return -EINVAL;
	net_config_wait();
	n->used = n->read = 0;
	n->sequence = question.head.nlmsg_seq;
	if (question.head.nlmsg_type == RTM_GETLINK ||
	    question.head.nlmsg_type == RTM_GETADDR)
		answer(n, &question.head);
	else
		refuse(n, &question.head, EOPNOTSUPP);
	net_wake(&s->changed, POLLIN);
	return (long)m->bytes;
}

/* As many whole messages as there is room for. */
static size_t whole(const struct netlink *n, size_t room)
{
	size_t total = 0;

	while (n->read + total < n->used) {
		const struct nlmsghdr *head =
			(const void *)(n->answer + n->read + total);
		size_t next = NLMSG_ALIGN(head->nlmsg_len);

		if (total && total + next > room)
			break;
		total += next;
	}
	return total;
}

static long netlink_receive(struct rt_socket *s, struct rt_message *m,
			    uint64_t until_ns)
{
	struct netlink *n = s->own;
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	size_t bytes, done = 0;
	long err;

	while (n->read == n->used) {
		err = __rt_socket_wait(s, until_ns);
		if (err)
			return err;
	}
	bytes = whole(n, m->bytes);
	for (int i = 0; i < m->iov_count && done < bytes; i++) {
		size_t part = m->iov[i].iov_len;

		if (part > bytes - done)
			part = bytes - done;
		memcpy(m->iov[i].iov_base, n->answer + n->read + done, part);
		done += part;
	}
	if (done < bytes)
		m->out_flags |= MSG_TRUNC;
	if (!(m->flags & MSG_PEEK))
		n->read += bytes;
	if (m->from)
		memcpy(m->from, &kernel,
		       m->name_bytes < sizeof(kernel) ? m->name_bytes
						      : sizeof(kernel));
	m->name_bytes = sizeof(kernel);
	m->control_bytes = 0;
	return (long)(m->flags & MSG_TRUNC ? bytes : done);
}

static long netlink_bind(struct rt_socket *s, const struct sockaddr *name,
			 socklen_t bytes)
{
	struct netlink *n = s->own;
	struct sockaddr_nl own;

	if (bytes < sizeof(own))
		return -EINVAL;
	memcpy(&own, name, sizeof(own));
	n->port = own.nl_pid ? own.nl_pid : 1;
	return 0;
}

static long netlink_name(struct rt_socket *s, int peer,
			 struct sockaddr_storage *to, socklen_t *bytes)
{
	const struct netlink *n = s->own;
	struct sockaddr_nl own = {.nl_family = AF_NETLINK,
				  .nl_pid = peer ? 0 : n->port};

	memcpy(to, &own, sizeof(own));
	*bytes = sizeof(own);
	return 0;
}

static unsigned netlink_poll(struct rt_socket *s)
{
	const struct netlink *n = s->own;

	return POLLOUT | POLLWRNORM |
	       (n->read < n->used ? POLLIN | POLLRDNORM : 0);
}

static void netlink_release(struct rt_socket *s)
{
	(void)s; /* all of it is ->own */
}

static const struct rt_socket_ops netlink_ops = {
	.bind = netlink_bind,
	.name = netlink_name,
	.send = netlink_send,
	.receive = netlink_receive,
	.poll = netlink_poll,
	.release = netlink_release,
};

static long create(struct rt_socket *s)
{
	struct netlink *n;
	int err = net_start();

	if (err)
		return err;
	if (s->protocol != NETLINK_ROUTE)
		return -EPROTONOSUPPORT;
	n = __rt_calloc(1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	n->port = 1;
	s->own = n;
	s->ops = &netlink_ops;
	return 0;
}

const struct rt_socket_family __rt_netlink_family = {
	.domain = AF_NETLINK,
	.create = create,
};
