/* SPDX-License-Identifier: ISC */
/* Sockets for whoever looks into the tender from the same host. */
#ifndef LOCAL_SOCKET_H
#define LOCAL_SOCKET_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Listens on a Unix socket at @path, mode 0600. One that nobody listens on any
 * more makes way; any other file does not. The descriptor, or -errno.
 */
int local_socket_unix(const char *path);

/*
 * Listens on TCP at @address, an IPv4 address in numbers; *@port 0 becomes the
 * one that was free. The descriptor, or -errno.
 */
int local_socket_tcp(const char *address, uint16_t *port);

/*
 * Accepts a connection, which is non-blocking. On a Unix socket only of the
 * user @owner, or root. The descriptor, -EAGAIN when there is none, or -errno.
 */
int local_socket_accept(int listen_fd, uid_t owner);

#endif
