/* SPDX-License-Identifier: ISC */
#include "local_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define NOBODY 65534u /* who is not in this user namespace */

/* Removes a socket that a dead process left behind. */
static void remove_stale(const struct sockaddr_un *address)
{
	struct stat st;
	int fd;

	if (lstat(address->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) <
		    0 &&
	    errno == ECONNREFUSED)
		unlink(address->sun_path);
	close(fd);
}

static int listen_at(int fd, const struct sockaddr *address, socklen_t bytes)
{
	int err;

	if (!bind(fd, address, bytes) && !listen(fd, 4))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int local_socket_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	mode_t mask;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	remove_stale(&address);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	mask = umask(0177);
	fd = listen_at(fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	return fd;
}

int local_socket_tcp(const char *address, uint16_t *port)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_port = htons(*port)};
	socklen_t bytes = sizeof(in);
	int fd, on = 1;

	if (inet_pton(AF_INET, address, &in.sin_addr) != 1)
		return -EINVAL;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	fd = listen_at(fd, (struct sockaddr *)&in, sizeof(in));
	if (fd >= 0 && !getsockname(fd, (struct sockaddr *)&in, &bytes))
		*port = ntohs(in.sin_port);
	return fd;
}

static int is_trusted(int fd, uid_t owner)
{
	struct sockaddr_storage name = {0};
	socklen_t name_bytes = sizeof(name);
	struct ucred peer;
	socklen_t bytes = sizeof(peer);

	/* seccomp: getsockname, getsockopt */
	if (getsockname(fd, (struct sockaddr *)&name, &name_bytes) < 0)
		return 0;
	if (name.ss_family != AF_UNIX)
		return 1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) < 0)
		return 0;
	/*
	 * In a user namespace of the sandbox's all users look alike, and then
	 * it is the mode of the socket alone that keeps others out.
	 */
	return peer.uid == owner || peer.uid == 0 || peer.uid == NOBODY;
}

int local_socket_accept(int listen_fd, uid_t owner)
{
	int on = 1;
	/* seccomp: accept4, close, setsockopt */
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (!is_trusted(fd, owner)) {
		close(fd);
		return -EACCES;
	}
	/* Packets are small and each waits for the next; no matter if refused.
	 */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}
