/* SPDX-License-Identifier: ISC */
#include "device_net.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "log.h"
#include "net_pcap.h"
#include "net_stream.h"
#include "options_net.h"

#define LINGER_MS 100

static const struct net_backend *const backends[] = {
	[NET_USER] = &net_user_backend,
	[NET_TAP] = &net_tap_backend,
	[NET_FD] = &net_fd_backend,
	[NET_UNIX] = &net_unix_backend,
};

_Static_assert(sizeof(backends) / sizeof(backends[0]) == NET_KIND_COUNT,
	       "every kind has a backend");

size_t net_frame_pull(const struct net_frame *frame, uint8_t *head,
		      size_t bytes, struct iovec *iov)
{
	size_t done = 0;

	for (unsigned i = 0; i < frame->iov_count; i++) {
		const struct iovec *from = &frame->iov[i];
		size_t n = bytes - done;

		if (n > from->iov_len)
			n = from->iov_len;
		memcpy(head + done, from->iov_base, n);
		done += n;
		iov[i + 1] = (struct iovec){
			(char *)from->iov_base + n,
			from->iov_len - n,
		};
	}
	iov[0] = (struct iovec){head, done};
	return done;
}

/*
 * At random, as two guests on one wire must differ, whatever else they share:
 * of one station, locally administered (IEEE 802).
 */
static int choose_mac(struct net_dev *dev)
{
	uint8_t *mac = dev->config.mac;

	for (unsigned i = 0; i < sizeof(dev->config.mac); i++)
		if (mac[i])
			return 0;
	if (getrandom(mac, sizeof(dev->config.mac), 0) !=
	    sizeof(dev->config.mac))
		return -EIO;
	mac[0] = (uint8_t)((mac[0] & ~1u) | 2u);
	return 0;
}

int net_dev_open(struct net_dev *dev, const struct net_request *request)
{
	const struct net_option *o = request->option;
	const uint8_t *mac = dev->config.mac;
	int err;

	*dev = (struct net_dev){
		.backend = backends[o->kind],
		.name = o->name,
		.config = o->config,
		.fd = -1,
		.pcap = request->pcap,
	};
	err = choose_mac(dev);
	if (err) {
		log_error("net %s: no entropy from the host", dev->name);
		return err;
	}
	err = dev->backend->open(dev, request);
	if (err)
		return err;
	if (dev->pcap)
		net_pcap_add(dev->pcap, dev);
	log_debug("net %s: MTU %u, MAC %02x:%02x:%02x:%02x:%02x:%02x",
		  dev->name, dev->config.mtu, mac[0], mac[1], mac[2], mac[3],
		  mac[4], mac[5]);
	return 0;
}

void net_dev_close(struct net_dev *dev)
{
	while (!dev->closed && net_stream_owes(dev)) {
		struct pollfd p = {.fd = dev->fd, .events = POLLOUT};

		if (poll(&p, 1, LINGER_MS) <= 0 || net_stream_pay(dev) < 0)
			break;
	}
	/* seccomp: close on a network device's descriptor */
	if (dev->fd >= 0)
		close(dev->fd);
	dev->fd = -1;
	dev->closed = true;
	net_stream_detach(dev);
	if (dev->backend && dev->backend->close)
		dev->backend->close(dev);
}

/* No more of it. The descriptor stays, so that its number is not another's. */
static int end(struct net_dev *dev, int err)
{
	dev->closed = true;
	if (err == -EPROTO)
		log_error("net %s: what came from the other end is no frame; "
			  "the network is gone",
			  dev->name);
	else if (dev->backend->ended)
		dev->backend->ended(dev);
	else
		log_info("net %s: the other end is gone%s%s", dev->name,
			 err == -EPIPE ? "" : ": ",
			 err == -EPIPE ? "" : strerror(-err));
	return -EPIPE;
}

int net_dev_exchange(struct net_dev *dev, const struct net_frame *out,
		     unsigned out_count, unsigned *sent, struct net_frame *in,
		     unsigned in_count, unsigned *received)
{
	int went, came;

	if (dev->closed)
		return -EPIPE;
	went = dev->transport->send(dev, out, out_count);
	/* What came before the other end went is still to be had. */
	came = in_count || went < 0 ? dev->transport->receive(dev, in, in_count)
				    : 0;
	if (came < 0 || (went < 0 && came == 0))
		return end(dev, came < 0 ? came : went);
	*sent = went < 0 ? 0 : (unsigned)went;
	*received = (unsigned)came;
	dev->blocked = *sent < out_count;
	if (dev->pcap) {
		net_pcap_write(dev->pcap, dev, NET_PCAP_SENT, out, *sent);
		net_pcap_write(dev->pcap, dev, NET_PCAP_RECEIVED, in,
			       *received);
	}
	return 0;
}

bool net_dev_ready(const struct net_dev *dev)
{
	return dev->closed || net_stream_has_frame(dev);
}

short net_dev_events(const struct net_dev *dev, bool wanted)
{
	bool out = net_stream_owes(dev) || (wanted && dev->blocked);

	if (dev->closed)
		return 0;
	return (short)((wanted ? POLLIN : 0) | (out ? POLLOUT : 0));
}

bool net_dev_awake(struct net_dev *dev, short events)
{
	if (net_stream_owes(dev) && net_stream_pay(dev) < 0)
		return true; /* the next exchange tells why */
	return (events & ~POLLOUT) || (dev->blocked && !net_stream_owes(dev));
}
