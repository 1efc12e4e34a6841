/* SPDX-License-Identifier: ISC */
/*
 * AF_UNIX: unix(7), within the guest.
 *
 * THEORY OF OPERATION
 * Each socket has an end. Data is a queue of packets at the end that is to
 * read them; a packet counts against its sender until it is read, and wakes it
 * then. A connection waiting to be accepted is an end without a socket, with
 * which its peer can do everything already. An end outlives its socket as long
 * as a peer or a packet refers to it, so that names can still be told.
 */
#ifndef RT_UNIX_H
#define RT_UNIX_H

#include <stddef.h>
#include <sys/un.h>

#include "socket.h"

struct rt_unix;
struct rt_vnode;

struct rt_unix_packet {
	struct rt_unix_packet *next;
	struct rt_unix *from;	/* a reference */
	struct rt_file **files; /* held; of __rt_malloc() */
	unsigned file_count;
	size_t bytes, read; /* in all; of a stream, what has been read */
	char data[];
};

enum rt_unix_state { RT_UNIX_NEW, RT_UNIX_LISTENING, RT_UNIX_CONNECTED };

struct rt_unix {
	unsigned refs;
	struct rt_socket *socket; /* NULL: not accepted yet, or closed */
	int type;
	enum rt_unix_state state;
	int is_closed;
	int shut;	      /* RT_UNIX_READS, RT_UNIX_WRITES: no more */
	struct rt_unix *peer; /* a reference; connected to, NULL */

	struct rt_unix_packet *first, *last;
	size_t queued; /* bytes to read */
	size_t sent;   /* sent by this end and not read, as memory */

	socklen_t name_bytes; /* 0: no name */
	struct sockaddr_un name;
	struct rt_vnode *vnode;	  /* whose ->node this is */
	struct rt_unix *abstract; /* the next with such a name */

	/* Listening: ends that wait, and who waits to become one of them. */
	struct rt_unix *waiting, *next;
	unsigned waiting_count, backlog;
	struct rt_waitq room;

	/* In packets with its file, unix_garbage.c */
	unsigned in_flight, from_suspects;
	int is_suspect;
	struct rt_unix *next_under_way, *next_garbage;
};

#define RT_UNIX_READS  1
#define RT_UNIX_WRITES 2

/* Ends and their sockets, unix.c */

/* Makes @s a socket of AF_UNIX, by its type and protocol. 0 or -errno. */
long __rt_unix_create(struct rt_socket *s);
/* Both, and connects them. */
long __rt_unix_pair(struct rt_socket *a, struct rt_socket *b);
extern const struct rt_socket_ops __rt_unix_ops;

/* An end with one reference. NULL: no memory. */
struct rt_unix *__rt_unix_new(int type);
struct rt_unix *__rt_unix_hold(struct rt_unix *u);
void __rt_unix_put(struct rt_unix *u);
/* Ends it, whether it has a socket or not, and puts a reference. */
void __rt_unix_close(struct rt_unix *u);
/* These POLL* bits may have come to hold there. */
void __rt_unix_wake(struct rt_unix *u, unsigned events);

/* Names, unix_name.c; only in images that call socket(). */
struct rt_unix_names {
	long (*bind)(struct rt_unix *u, const struct sockaddr_un *name,
		     socklen_t bytes);
	/* Who has that name, without a reference of the caller's. */
	long (*find)(const struct sockaddr_un *name, socklen_t bytes, int type,
		     struct rt_unix **to);
	void (*unbind)(struct rt_unix *u);
};
extern const struct rt_unix_names *__rt_unix_names;

/* Connections, unix_connect.c */
long __rt_unix_bind(struct rt_socket *s, const struct sockaddr *name,
		    socklen_t bytes);
long __rt_unix_listen(struct rt_socket *s, int backlog);
long __rt_unix_accept(struct rt_socket *s, struct rt_socket **to,
		      uint64_t until_ns);
long __rt_unix_connect(struct rt_socket *s, const struct sockaddr *name,
		       socklen_t bytes, uint64_t until_ns);

/* Data, unix_message.c */
long __rt_unix_send(struct rt_socket *s, struct rt_message *m,
		    uint64_t until_ns);
long __rt_unix_receive(struct rt_socket *s, struct rt_message *m,
		       uint64_t until_ns);
/* Takes the first packet off the queue of @u, and frees it. */
void __rt_unix_drop_packet(struct rt_unix *u);

/* Files in messages, unix_rights.c */

/* Holds the files that the control data of @m names. 0 or -errno. */
long __rt_unix_take_files(const struct rt_message *m, struct rt_file ***files,
			  unsigned *count);
/* Lets go of them. */
void __rt_unix_drop_files(struct rt_file **files, unsigned count);
/* Files that packets hold, unix_garbage.c: one more, one less packet. */
void __rt_unix_file_leaves(struct rt_file *file);
void __rt_unix_file_arrives(struct rt_file *file);
/* Closes those sockets that only packets of such sockets hold. */
void __rt_unix_collect(void);
/* That, once descriptors have been sent; NULL before. */
extern void (*__rt_unix_closed)(void);

/*
 * Writes what @p carries, and credentials where @with_credentials, as control
 * data of @m; the files get descriptors.
 */
void __rt_unix_give_control(struct rt_message *m,
			    const struct rt_unix_packet *p,
			    int with_credentials);

#endif
