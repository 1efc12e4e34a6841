/* SPDX-License-Identifier: ISC */
/*
 * THEORY OF OPERATION
 * A process of its own serves the socket: it never stops the guest, and what
 * comes from the socket never meets the process that holds the guest. It is
 * made before there is a guest, and has nothing of it. It sees
 * the tender's counters in shared memory, and reads each once. A request is
 * read and thrown away, as every request has the same answer.
 */
#include "metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "call_log.h"
#include "local_socket.h"
#include "log.h"
#include "stats.h"
#include "text.h"

#define BODY_MAX    16384
#define PATIENCE_MS 2000
#define REQUEST_MAX 8192
#define SECONDS(ns) ((double)(ns) / 1e9)

static void put_counter(struct text *t, const char *name, const char *help)
{
	text_put(t, "# HELP hvt_%s %s\n# TYPE hvt_%s counter\n", name, help,
		 name);
}

static void put_calls(struct text *t, const struct stats *s)
{
	put_counter(t, "hypercalls_total", "Hypercalls served.");
	for (unsigned i = 0; i < BP_CALL_COUNT; i++)
		text_put(t, "hvt_hypercalls_total{call=\"%s\"} %" PRIu64 "\n",
			 call_name(i), s->call[i].count);
	put_counter(t, "hypercall_seconds_total", "Time spent in hypercalls.");
	for (unsigned i = 0; i < BP_CALL_COUNT; i++)
		text_put(t, "hvt_hypercall_seconds_total{call=\"%s\"} %.9f\n",
			 call_name(i), SECONDS(s->call[i].total_ns));
	put_counter(t, "hypercall_bytes_total", "Bytes moved by hypercalls.");
	for (unsigned i = 0; i < BP_CALL_COUNT; i++)
		text_put(t,
			 "hvt_hypercall_bytes_total{call=\"%s\"} %" PRIu64 "\n",
			 call_name(i), s->call[i].bytes);
}

static void put_metrics(struct text *t, const struct stats *s)
{
	put_counter(t, "exits_total", "Exits of the guest to the tender.");
	text_put(t, "hvt_exits_total %" PRIu64 "\n", s->exits);
	put_counter(t, "interrupts_total", "Exits the guest did not cause.");
	text_put(t, "hvt_interrupts_total %" PRIu64 "\n", s->interrupts);
	put_counter(t, "guest_seconds_total", "Time in the guest.");
	text_put(t, "hvt_guest_seconds_total %.9f\n", SECONDS(s->guest_ns));
	put_counter(t, "tender_seconds_total", "Time in the tender.");
	text_put(t, "hvt_tender_seconds_total %.9f\n", SECONDS(s->tender_ns));
	text_put(t, "# HELP hvt_uptime_seconds Time since the start.\n"
		    "# TYPE hvt_uptime_seconds gauge\n");
	text_put(t, "hvt_uptime_seconds %.3f\n",
		 SECONDS(stats_now() - s->started_ns));
	put_calls(t, s);
}

static void send_all(int fd, const char *data, size_t bytes)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	while (bytes && poll(&p, 1, PATIENCE_MS) > 0) {
		ssize_t n = send(fd, data, bytes, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return;
		if (n > 0) {
			data += n;
			bytes -= (size_t)n;
		}
	}
}

/* Reads up to the empty line that ends a request. */
static int read_request(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char request[REQUEST_MAX + 1];
	size_t n = 0;

	while (n < REQUEST_MAX && poll(&p, 1, PATIENCE_MS) > 0) {
		ssize_t got = recv(fd, request + n, REQUEST_MAX - n, 0);

		if (got <= 0)
			return -1;
		n += (size_t)got;
		request[n] = '\0';
		if (strstr(request, "\r\n\r\n") || strstr(request, "\n\n"))
			return 0;
	}
	return -1;
}

static void answer(int fd, const struct stats *shared)
{
	char body[BODY_MAX], head[160];
	struct stats s = *shared;
	struct text t;
	int n;

	text_init(&t, body, sizeof(body));
	put_metrics(&t, &s);
	n = snprintf(head, sizeof(head),
		     "HTTP/1.0 200 OK\r\n"
		     "Content-Type: text/plain; version=0.0.4\r\n"
		     "Content-Length: %zu\r\nConnection: close\r\n\r\n",
		     t.length);
	send_all(fd, head, (size_t)n);
	send_all(fd, body, t.length);
}

/* Until the other end of the pipe @end_fd is closed. */
static _Noreturn void serve(int listen_fd, int end_fd,
			    const struct stats *stats)
{
	struct pollfd p[] = {
		{.fd = listen_fd, .events = POLLIN},
		{.fd = end_fd, .events = POLLIN},
	};
	uid_t owner = geteuid();

	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	while (poll(p, 2, -1) >= 0 || errno == EINTR) {
		int fd;

		if (p[1].revents)
			break;
		fd = local_socket_accept(listen_fd, owner);
		if (fd < 0)
			continue;
		if (!read_request(fd))
			answer(fd, stats);
		close(fd);
	}
	_exit(0);
}

int metrics_start(const char *path, const struct stats *stats)
{
	int end[2], fd = local_socket_unix(path);
	pid_t pid;

	if (fd < 0) {
		log_error("--metrics=unix:%s: %s", path, strerror(-fd));
		return fd;
	}
	/* Not a signal at the parent's death: that may have other ids then. */
	pid = pipe2(end, O_CLOEXEC) < 0 ? -1 : fork();
	if (pid < 0) {
		log_error("--metrics: %s", strerror(errno));
		return -EAGAIN;
	}
	if (!pid) {
		close(end[1]);
		serve(fd, end[0], stats);
	}
	close(end[0]);
	close(fd);
	return end[1];
}
