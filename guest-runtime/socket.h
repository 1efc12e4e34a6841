/* SPDX-License-Identifier: ISC */
/*
 * Sockets: what the system calls (socket*.c) ask of a family of protocols.
 *
 * THEORY OF OPERATION
 * The calls know descriptors, message headers, flags and the options that are
 * the same everywhere; a family knows addresses, connections and data. A
 * family is linked into an image through the table in socket_open.c, that is
 * by a program that calls socket(); socketpair() brings AF_UNIX alone.
 *
 * A family blocks by __rt_socket_wait() and nothing else. Around each call its
 * socket is held: it is not released while somebody is inside, even when the
 * last descriptor is closed. What a family keeps about a socket may have
 * changed after each wait. A family wakes ->changed, with the events it is
 * about, whenever what ->poll says may have changed.
 */
#ifndef RT_SOCKET_H
#define RT_SOCKET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "wait.h"

struct rt_file;
struct rt_socket;

/*
 * One message. The buffers are sound (their lengths add up); ->flags has only
 * MSG_* that the layer does not do itself, see there.
 */
struct rt_message {
	const struct iovec *iov;
	int iov_count;
	size_t bytes; /* of all of iov */

	/* Sending: where to, or NULL. */
	const struct sockaddr *to;
	/* Receiving: room for where from, or NULL. */
	struct sockaddr *from;
	/*
	 * Of either. Receiving sets it to what the address has, even when that
	 * is more; 0: there is none.
	 */
	socklen_t name_bytes;

	/* As in struct msghdr: sending what there is, receiving room for it;
	 * control_bytes is set to what was used. */
	void *control;
	size_t control_bytes;

	int flags;     /* MSG_PEEK, MSG_OOB, MSG_WAITALL, MSG_EOR, MSG_TRUNC,
			  MSG_DONTROUTE, MSG_MORE, MSG_CONFIRM, MSG_ERRQUEUE,
			  MSG_CMSG_CLOEXEC */
	int out_flags; /* receiving: MSG_TRUNC, MSG_CTRUNC, MSG_EOR, MSG_OOB */
};

/*
 * All return 0 (or a count) or -errno. NULL: -EOPNOTSUPP. Those that may block
 * are told so by @until_ns: they return -EAGAIN (connect: -EINPROGRESS) when
 * it is 0, and as __rt_socket_wait() does when it has passed.
 */
struct rt_socket_ops {
	long (*bind)(struct rt_socket *s, const struct sockaddr *name,
		     socklen_t bytes);
	long (*listen)(struct rt_socket *s, int backlog);
	/* In *to a new, connected socket: __rt_socket_new() */
	long (*accept)(struct rt_socket *s, struct rt_socket **to,
		       uint64_t until_ns);
	long (*connect)(struct rt_socket *s, const struct sockaddr *name,
			socklen_t bytes, uint64_t until_ns);
	/* Into *bytes the length that it has, at most sockaddr_storage. */
	long (*name)(struct rt_socket *s, int peer, struct sockaddr_storage *to,
		     socklen_t *bytes);
	/* Bytes sent; -EPIPE becomes a SIGPIPE too where that is due. */
	long (*send)(struct rt_socket *s, struct rt_message *m,
		     uint64_t until_ns);
	/* Bytes received, 0 at the end. With MSG_TRUNC, of a message all. */
	long (*receive)(struct rt_socket *s, struct rt_message *m,
			uint64_t until_ns);
	long (*shutdown)(struct rt_socket *s, int how); /* SHUT_* */
	/*
	 * Options that the layer does not know (below): -ENOPROTOOPT if the
	 * family does not either. *bytes is the room, and becomes what is used.
	 */
	long (*set_option)(struct rt_socket *s, int level, int name,
			   const void *value, socklen_t bytes);
	long (*get_option)(struct rt_socket *s, int level, int name,
			   void *value, socklen_t *bytes);
	/* The POLL* bits that hold now. */
	unsigned (*poll)(struct rt_socket *s);
	/* FIONREAD, SIOC...; -ENOTTY. */
	long (*ioctl)(struct rt_socket *s, unsigned request, void *arg);
	/* Nobody has it any more; the layer then frees ->own, unless NULL. */
	void (*release)(struct rt_socket *s);
};

/*
 * The layer's own options, all of SOL_SOCKET: SO_TYPE, SO_DOMAIN, SO_PROTOCOL,
 * SO_RCVTIMEO, SO_SNDTIMEO, SO_ERROR (clears ->error), SO_ACCEPTCONN; and
 * those that are only remembered: SO_REUSEADDR, SO_REUSEPORT, SO_KEEPALIVE,
 * SO_BROADCAST, SO_OOBINLINE, SO_DONTROUTE, SO_LINGER, SO_SNDBUF, SO_RCVBUF,
 * SO_PRIORITY, SO_PASSCRED, SO_TIMESTAMP. For those set_option is asked first,
 * and may refuse; -ENOPROTOOPT then means "nothing against it".
 */
struct rt_socket {
	const struct rt_socket_ops *ops;
	struct rt_file *file; /* NULL: has none yet, accepted or a pair's */
	void *own;	      /* the family's, of __rt_malloc() or NULL */
	int domain, type, protocol;
	int error;	  /* errno that SO_ERROR and the next call tell */
	int is_listening; /* the family sets it */
	unsigned options; /* bit n: SO_ number n is on */
	int send_bytes, receive_bytes; /* SO_SNDBUF, SO_RCVBUF as told */
	int priority;
	struct linger linger;
	uint64_t send_timeout_ns, receive_timeout_ns; /* 0: none */
	struct rt_waitq changed;
};

struct rt_socket_family {
	int domain;
	/* Sets ops and own of @s, whose domain, type, protocol are set. */
	long (*create)(struct rt_socket *s);
};

extern const struct rt_socket_family __rt_unix_family;

/* All zero but these. NULL: no memory. Of __rt_malloc(). */
struct rt_socket *__rt_socket_new(int domain, int type, int protocol);

/*
 * Blocks until ->changed is woken: 0, look again. -EAGAIN when @until_ns has
 * passed or is 0, -EINTR.
 */
long __rt_socket_wait(struct rt_socket *s, uint64_t until_ns);

/* Takes ->error away: 0 or -errno. */
long __rt_socket_error(struct rt_socket *s);

/* Whether an option like SO_REUSEADDR is on. */
static inline int __rt_socket_has(const struct rt_socket *s, int option)
{
	return (s->options & 1u << option) != 0;
}

/* The socket of a file, NULL: it is none. */
struct rt_socket *__rt_file_socket(struct rt_file *file);

#endif
