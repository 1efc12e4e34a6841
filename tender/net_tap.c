/* SPDX-License-Identifier: ISC */
#include "net_tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "net_backend.h"
#include "options_net.h"

#define TAP_ERROR(dev, what, err, fmt, ...)                               \
	(log_error("net %s: %s: " fmt, (dev)->name, what, ##__VA_ARGS__), \
	 -(err))

/* Asks about the interface named in @r. 0 or -errno. */
static int ask_interface(unsigned request, struct ifreq *r)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	err = ioctl(fd, request, r) < 0 ? -errno : 0;
	close(fd);
	return err;
}

static int take_mtu(struct net_dev *dev, const char *what, struct ifreq *r)
{
	uint32_t mtu;
	int err = ask_interface(SIOCGIFMTU, r);

	if (err)
		return TAP_ERROR(dev, what, -err, "cannot tell its MTU: %s",
				 strerror(-err));
	mtu = (uint32_t)r->ifr_mtu;
	if (dev->config.mtu > mtu)
		return TAP_ERROR(dev, what, EINVAL,
				 "mtu=%u is more than its own %u; ip link set "
				 "%s mtu %u",
				 dev->config.mtu, mtu, r->ifr_name,
				 dev->config.mtu);
	if (!dev->config.mtu)
		dev->config.mtu = mtu < NET_MTU_MAX ? mtu : NET_MTU_MAX;
	if (!ask_interface(SIOCGIFFLAGS, r) && !(r->ifr_flags & IFF_UP))
		log_info("net %s: %s is down; ip link set %s up", dev->name,
			 r->ifr_name, r->ifr_name);
	return 0;
}

int net_tap_attach(struct net_dev *dev, const char *what)
{
	struct ifreq r = {0};
	int flags;

	if (ioctl(dev->fd, TUNGETIFF, &r) < 0)
		return TAP_ERROR(dev, what, errno, "not a tap: %s",
				 strerror(errno));
	if ((r.ifr_flags & (IFF_TUN | IFF_TAP)) != IFF_TAP)
		return TAP_ERROR(dev, what, EINVAL,
				 "not a tap but a tun, which has no Ethernet "
				 "frames");
	if (!(r.ifr_flags & IFF_NO_PI) || (r.ifr_flags & IFF_VNET_HDR))
		return TAP_ERROR(dev, what, EINVAL,
				 "opened with a header before each frame; open "
				 "it with IFF_NO_PI and without IFF_VNET_HDR");
	/* There is no MSG_DONTWAIT for what is not a socket. */
	flags = fcntl(dev->fd, F_GETFL);
	if (flags < 0 || fcntl(dev->fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return TAP_ERROR(dev, what, errno, "%s", strerror(errno));
	dev->transport = &net_packet_transport;
	return take_mtu(dev, what, &r);
}

static int open_tap(struct net_dev *dev, const char *ifname)
{
	struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI};

	memcpy(r.ifr_name, ifname, strlen(ifname) + 1);
	/* Opening one that does not exist would make one, as root. */
	if (ask_interface(SIOCGIFINDEX, &r) < 0)
		return TAP_ERROR(dev, ifname, ENODEV,
				 "no such interface; create it with ip tuntap "
				 "add dev %s mode tap user NAME",
				 ifname);
	dev->fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (dev->fd < 0)
		return TAP_ERROR(dev, ifname, errno, "/dev/net/tun: %s",
				 strerror(errno));
	r.ifr_flags = IFF_TAP | IFF_NO_PI;
	if (ioctl(dev->fd, TUNSETIFF, &r) == 0)
		return 0;
	switch (errno) {
	case EPERM:
		return TAP_ERROR(dev, ifname, EPERM,
				 "belongs to another user; create it with ip "
				 "tuntap add dev %s mode tap user NAME",
				 ifname);
	case EBUSY:
		return TAP_ERROR(dev, ifname, EBUSY, "already in use");
	case EINVAL:
		return TAP_ERROR(dev, ifname, EINVAL,
				 "not a tap, or one with several queues");
	default:
		return TAP_ERROR(dev, ifname, errno, "%s", strerror(errno));
	}
}

static int tap_open(struct net_dev *dev, const struct net_request *request)
{
	const char *ifname = request->option->target;
	int err = open_tap(dev, ifname);

	return err ? err : net_tap_attach(dev, ifname);
}

const struct net_backend net_tap_backend = {
	.open = tap_open,
};
