/* SPDX-License-Identifier: ISC */
/* What the system calls on sockets share; no concern of a family. */
#ifndef RT_SOCKET_FILE_H
#define RT_SOCKET_FILE_H

#include <stdint.h>

#include "file.h"
#include "socket.h"

/*
 * The socket behind a descriptor, in *to: its file is held until
 * __rt_socket_put(). 0, -EBADF or -ENOTSOCK.
 */
long __rt_socket_get(int fd, struct rt_socket **to);
void __rt_socket_put(struct rt_socket *s);

/*
 * A descriptor for @s, which has none yet, with SOCK_NONBLOCK and SOCK_CLOEXEC
 * of @flags. On failure @s is no more.
 */
long __rt_socket_install(struct rt_socket *s, int flags);

/* Ends a socket without a file. */
void __rt_socket_drop(struct rt_socket *s);

/* Until when a call may block that is given MSG_* flags and has a timeout. */
uint64_t __rt_socket_until(const struct rt_socket *s, int flags,
			   uint64_t timeout_ns);

/* With the flags of a call; see socket_message.c for who does which. */
long __rt_socket_send(struct rt_socket *s, struct rt_message *m, int flags);
long __rt_socket_receive(struct rt_socket *s, struct rt_message *m, int flags);

/* The type without its flags in *type. 0 or -EINVAL. */
static inline long __rt_socket_type(int with_flags, int *type)
{
	*type = with_flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
	return *type < 0 || *type > 15 ? -22 : 0;
}

#endif
