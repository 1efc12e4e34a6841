/* SPDX-License-Identifier: ISC */
/* A network that whoever started the tender has opened already. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "net_backend.h"
#include "net_stream.h"
#include "net_tap.h"
#include "options_net.h"

static int attach_messages(struct net_dev *dev, int type)
{
	int flags = fcntl(dev->fd, F_GETFL);

	/* read() and write() serve taps too, and have no MSG_DONTWAIT. */
	if (flags < 0 || fcntl(dev->fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	dev->ends_empty = type == SOCK_SEQPACKET;
	dev->transport = &net_packet_transport;
	return 0;
}

static int attach_socket(struct net_dev *dev, int type)
{
	struct sockaddr_storage peer;
	socklen_t bytes = sizeof(peer);

	if (!dev->config.mtu)
		dev->config.mtu = NET_MTU_DEFAULT;
	if (getpeername(dev->fd, (struct sockaddr *)&peer, &bytes) < 0)
		return -errno;
	switch (type) {
	case SOCK_STREAM:
		return net_stream_attach(dev);
	case SOCK_SEQPACKET:
	case SOCK_DGRAM:
		return attach_messages(dev, type);
	default:
		return -ESOCKTNOSUPPORT;
	}
}

static int fd_open(struct net_dev *dev, const struct net_request *request)
{
	socklen_t bytes = sizeof(int);
	char what[32];
	int type, err;

	snprintf(what, sizeof(what), "descriptor %d", request->option->fd);
	dev->fd = request->option->fd;
	/* No child of the tender is to have it. */
	if (fcntl(dev->fd, F_SETFD, FD_CLOEXEC) < 0) {
		log_error("net %s: %s is not open", dev->name, what);
		return -EBADF;
	}
	if (getsockopt(dev->fd, SOL_SOCKET, SO_TYPE, &type, &bytes) < 0)
		return net_tap_attach(dev, what);
	err = attach_socket(dev, type);
	if (err)
		log_error("net %s: %s: %s; expected a tap, or a connected "
			  "stream, seqpacket or datagram socket",
			  dev->name, what, strerror(-err));
	return err;
}

const struct net_backend net_fd_backend = {
	.open = fd_open,
};
