/* SPDX-License-Identifier: ISC */
#include "net_family.h"

#include <errno.h>
#include <netinet/in.h>

#include "net.h"
#include "net_dgram.h"
#include "net_tcp.h"
#include "socket.h"

static long create(struct rt_socket *s)
{
	const int icmp = s->domain == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	int err;

	switch (s->type) {
	case SOCK_STREAM:
		if (s->protocol && s->protocol != IPPROTO_TCP)
			return -EPROTONOSUPPORT;
		s->protocol = IPPROTO_TCP;
		break;
	case SOCK_DGRAM:
		if (s->protocol && s->protocol != IPPROTO_UDP &&
		    s->protocol != icmp)
			return -EPROTONOSUPPORT;
		if (!s->protocol)
			s->protocol = IPPROTO_UDP;
		break;
	case SOCK_RAW:
		if (s->protocol != icmp)
			return -EPROTONOSUPPORT;
		break;
	default:
		return -ESOCKTNOSUPPORT;
	}
	err = net_start();
	if (err)
		return err;
	if (s->protocol == IPPROTO_TCP)
		return net_tcp_create(s);
	return s->protocol == IPPROTO_UDP ? net_udp_create(s)
					  : net_raw_create(s);
}

const struct rt_socket_family __rt_inet_family = {
	.domain = AF_INET,
	.create = create,
};

const struct rt_socket_family __rt_inet6_family = {
	.domain = AF_INET6,
	.create = create,
};
