/* SPDX-License-Identifier: ISC */
/* The sockets of the debugger. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attention.h"
#include "gdb_internal.h"
#include "interrupt.h"
#include "local_socket.h"
#include "log.h"
#include "machine.h"

void gdb_hang_up(struct gdb *g)
{
	/* The number stays taken: the sandbox knows a debugger by it. */
	if (g->fd >= 0)
		(void)dup3(g->listen_fd, g->reserved_fd, O_CLOEXEC);
	g->fd = -1;
}

void gdb_send_bytes(struct gdb *g, const char *data, size_t bytes)
{
	struct pollfd p = {.fd = g->fd, .events = POLLOUT};

	while (g->fd >= 0 && bytes) {
		/* seccomp: sendto on the debugger's socket */
		ssize_t n = send(g->fd, data, bytes, MSG_NOSIGNAL);

		if (n > 0) {
			data += n;
			bytes -= (size_t)n;
		} else if (errno == EAGAIN) {
			(void)poll(&p, 1, -1);
			if (interrupt_pending())
				return;
		} else if (errno != EINTR) {
			gdb_hang_up(g);
		}
	}
}

void gdb_send_again(struct gdb *g)
{
	gdb_send_bytes(g, g->frame, g->frame_bytes);
}

void gdb_send(struct gdb *g)
{
	g->frame_bytes = gdb_reply_frame(&g->reply, g->frame);
	gdb_send_again(g);
	g->reply.length = 0;
	g->reply.overfull = false;
}

void gdb_say(struct gdb *g, const char *text, size_t bytes)
{
	g->reply.length = 0;
	gdb_reply_text(&g->reply, "O");
	gdb_reply_hex(&g->reply, text, bytes);
	gdb_send(g);
}

/* Signals us when something comes. */
static int signal_input(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	/* seccomp: getpid, fcntl on the socket */
	if (flags < 0 || fcntl(fd, F_SETOWN, getpid()) < 0 ||
	    fcntl(fd, F_SETFL, flags | O_ASYNC) < 0)
		return -errno;
	return 0;
}

bool gdb_accept(struct gdb *g)
{
	int fd = local_socket_accept(g->listen_fd, g->owner);

	if (fd == -EACCES)
		log_info("debugger: refused, as it is another user's");
	if (fd < 0)
		return false;
	/* One at a time. */
	if (g->fd < 0 && dup3(fd, g->reserved_fd, O_CLOEXEC) >= 0)
		g->fd = g->reserved_fd;
	close(fd); /* seccomp: dup3, close */
	if (g->fd < 0 || signal_input(g->fd) < 0)
		return false;
	g->no_ack = g->reports_swbreak = g->reports_hwbreak = false;
	g->parser = (struct gdb_parser){.state = GDB_OUTSIDE};
	log_debug("debugger: connected");
	return true;
}

static int listen_socket(struct gdb_option *o)
{
	int fd = o->path ? local_socket_unix(o->path)
			 : local_socket_tcp(o->address, &o->port);

	if (fd >= 0)
		return fd;
	if (o->path)
		log_error("--gdb=unix:%s: %s", o->path, strerror(-fd));
	else
		log_error("--gdb=%s:%u: %s; choose another port, or 0 for any "
			  "that is free",
			  o->address, o->port, strerror(-fd));
	return fd;
}

/* False when nothing is there, or nobody any more. */
bool gdb_receive(struct gdb *g, uint8_t *byte)
{
	/* seccomp: recvfrom on the debugger's socket */
	ssize_t n = recv(g->fd, byte, 1, 0);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		gdb_hang_up(g);
	return n == 1;
}

int gdb_listen(struct gdb *g, const struct gdb_option *option)
{
	struct gdb_option o = *option;
	const char *how = o.later ? "debug with" : "waiting for a debugger";
	int err;

	g->owner = geteuid();
	g->listen_fd = listen_socket(&o);
	if (g->listen_fd < 0)
		return g->listen_fd;
	g->reserved_fd = fcntl(g->listen_fd, F_DUPFD_CLOEXEC, 0);
	err = g->reserved_fd < 0 ? -errno : 0;
	if (!err)
		err = attention_on(g->m->vcpu, SIGIO, ATTENTION_DEBUGGER);
	if (!err)
		err = signal_input(g->listen_fd);
	if (err) {
		log_error("--gdb: %s", strerror(-err));
		close(g->listen_fd);
		return err;
	}
	if (o.path)
		log_info("%s: gdb %s.debug -ex 'target remote %s'", how,
			 g->m->image_name, o.path);
	else
		log_info("%s: gdb %s.debug -ex 'target remote %s:%u'", how,
			 g->m->image_name, o.address, o.port);
	return 0;
}

void gdb_files(const struct gdb *g, int *connection, int *listen)
{
	*connection = g->reserved_fd;
	*listen = g->listen_fd;
}
