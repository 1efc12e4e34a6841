/* SPDX-License-Identifier: ISC */
/* A wire to another guest, or to QEMU: a stream socket with a path. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "net_backend.h"
#include "net_stream.h"
#include "options_net.h"

#define UNIX_ERROR(dev, path, err, fmt, ...)                              \
	(log_error("net %s: %s: " fmt, (dev)->name, path, ##__VA_ARGS__), \
	 -(err))

static int connect_to(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) ==
	    0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int call(struct net_dev *dev, const struct sockaddr_un *address)
{
	dev->fd = connect_to(address);
	switch (dev->fd) {
	case -ENOENT:
	case -ECONNREFUSED:
		return UNIX_ERROR(dev, address->sun_path, ECONNREFUSED,
				  "nobody listens there; start the other end "
				  "first, with ,listen");
	case -ENOTSOCK:
		return UNIX_ERROR(dev, address->sun_path, ENOTSOCK,
				  "not a socket");
	case -EPROTOTYPE:
		return UNIX_ERROR(dev, address->sun_path, EPROTOTYPE,
				  "not a stream socket");
	default:
		if (dev->fd < 0)
			return UNIX_ERROR(dev, address->sun_path, -dev->fd,
					  "%s", strerror(-dev->fd));
		return 0;
	}
}

/*
 * Removes a socket that nobody listens on any more. Connecting one of another
 * type tells, and is no call to whoever is there.
 */
static bool remove_stale(const struct sockaddr_un *address)
{
	struct stat st;
	bool stale;
	int fd;

	if (lstat(address->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	stale = connect(fd, (const struct sockaddr *)address,
			sizeof(*address)) < 0 &&
		errno == ECONNREFUSED;
	close(fd);
	return stale && unlink(address->sun_path) == 0;
}

static int bind_path(int fd, const struct sockaddr_un *address)
{
	const struct sockaddr *a = (const struct sockaddr *)address;

	if (bind(fd, a, sizeof(*address)) == 0)
		return 0;
	if (errno != EADDRINUSE)
		return -errno;
	if (!remove_stale(address))
		return -EADDRINUSE;
	return bind(fd, a, sizeof(*address)) < 0 ? -errno : 0;
}

/* A descriptor of whoever calls, or -errno. */
static int wait_for_call(int fd, uint64_t timeout_us)
{
	const uint64_t ms = timeout_us / 1000 + !!(timeout_us % 1000);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int timeout = ms == 0 || ms > INT_MAX ? -1 : (int)ms, n;

	do
		n = poll(&p, 1, timeout);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return -ETIMEDOUT;
	do
		n = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* Waits for the one that is to be at the other end. */
static int be_called(struct net_dev *dev, const struct sockaddr_un *address,
		     uint64_t timeout_us)
{
	const char *path = address->sun_path;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return UNIX_ERROR(dev, path, errno, "%s", strerror(errno));
	err = bind_path(fd, address);
	if (!err && listen(fd, 1) < 0)
		err = -errno;
	if (err) {
		err = UNIX_ERROR(dev, path, -err, "cannot listen there: %s",
				 strerror(-err));
		goto close_fd;
	}
	log_info("net %s: waiting for the other end at %s", dev->name, path);
	dev->fd = wait_for_call(fd, timeout_us);
	if (dev->fd == -ETIMEDOUT)
		err = UNIX_ERROR(dev, path, ETIMEDOUT,
				 "nobody came there within the time limit; "
				 "raise it with --timeout");
	else if (dev->fd < 0)
		err = UNIX_ERROR(dev, path, -dev->fd, "%s", strerror(-dev->fd));
	unlink(path); /* a wire has two ends */
close_fd:
	close(fd);
	return err;
}

static int unix_open(struct net_dev *dev, const struct net_request *request)
{
	const struct net_option *o = request->option;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int err;

	if (strlen(o->target) >= sizeof(address.sun_path))
		return UNIX_ERROR(dev, o->target, ENAMETOOLONG,
				  "longer than the %zu bytes that the path of "
				  "a socket can have",
				  sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, o->target, strlen(o->target) + 1);
	err = o->listen ? be_called(dev, &address, request->timeout_us)
			: call(dev, &address);
	if (err)
		return err;
	if (!dev->config.mtu)
		dev->config.mtu = NET_MTU_DEFAULT;
	return net_stream_attach(dev);
}

const struct net_backend net_unix_backend = {
	.open = unix_open,
};
