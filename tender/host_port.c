/* SPDX-License-Identifier: ISC */
#include "host_port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "options_net.h"

/* An address of either family, without a port. */
struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in ip4;
		struct sockaddr_in6 ip6;
	};
	socklen_t bytes;
};

static void read_address(struct address *a, const char *text)
{
	memset(a, 0, sizeof(*a));
	a->any.sa_family = strchr(text, ':') ? AF_INET6 : AF_INET;
	a->bytes =
		a->any.sa_family == AF_INET6 ? sizeof(a->ip6) : sizeof(a->ip4);
	if (a->any.sa_family == AF_INET6)
		inet_pton(AF_INET6, text, &a->ip6.sin6_addr);
	else if (*text)
		inet_pton(AF_INET, text, &a->ip4.sin_addr);
}

/* 0, or -errno of trying to bind it. */
static int try_port(struct address *a, uint16_t port, bool udp)
{
	int one = 1, err = 0;
	int fd = socket(a->any.sa_family,
			(udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	/* Connections of a server that has ended do not keep a new one out. */
	if (!udp)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one,
				 sizeof(one));
	if (a->any.sa_family == AF_INET6) {
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one,
				 sizeof(one));
		a->ip6.sin6_port = htons(port);
	} else {
		a->ip4.sin_port = htons(port);
	}
	if (bind(fd, &a->any, a->bytes) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int complain(const struct publish_option *p, const char *name,
		    unsigned port, int err)
{
	const char *kind = p->udp ? "UDP" : "TCP";

	switch (err) {
	case EADDRINUSE:
		log_error("net %s: --publish=%s: %s port %u of the host is "
			  "taken; end what listens there, or publish another",
			  name, p->text, kind, port);
		break;
	case EACCES:
		log_error("net %s: --publish=%s: %s port %u of the host is for "
			  "root; publish another, or lower sysctl "
			  "net.ipv4.ip_unprivileged_port_start",
			  name, p->text, kind, port);
		break;
	case EADDRNOTAVAIL:
		log_error("net %s: --publish=%s: %s is not an address of this "
			  "host",
			  name, p->text, p->address);
		break;
	default:
		log_error("net %s: --publish=%s: %s port %u of the host: %s",
			  name, p->text, kind, port, strerror(err));
	}
	return -err;
}

int host_port_check(const struct publish_option *p, const char *name)
{
	struct address address, any6;
	int err = 0;

	read_address(&address, p->address);
	read_address(&any6, "::");
	for (unsigned i = 0; !err && i < p->count; i++) {
		uint16_t port = (uint16_t)(p->host_port + i);

		err = try_port(&address, port, p->udp);
		if (!err && !*p->address) {
			err = try_port(&any6, port, p->udp);
			if (err != -EADDRINUSE)
				err = 0; /* no IPv6 here is no harm */
		}
		if (err)
			return complain(p, name, port, -err);
	}
	return 0;
}
