/* SPDX-License-Identifier: ISC */
/*
 * Sends back what it gets, over TCP and UDP, on PORT (7):
 *
 *   echo [PORT]
 */
#include <err.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CLIENTS 100

static int bound(int type, unsigned port)
{
	struct sockaddr_in6 name = {.sin6_family = AF_INET6,
				    .sin6_port = htons((uint16_t)port),
				    .sin6_addr = IN6ADDR_ANY_INIT};
	int on = 1, fd = socket(AF_INET6, type, 0);

	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)))
		err(1, "port %u", port);
	return fd;
}

static void echo_datagram(int fd)
{
	static char data[65536];
	struct sockaddr_in6 from;
	socklen_t bytes = sizeof(from);
	ssize_t n = recvfrom(fd, data, sizeof(data), 0,
			     (struct sockaddr *)&from, &bytes);

	if (n >= 0)
		sendto(fd, data, (size_t)n, 0, (struct sockaddr *)&from, bytes);
}

/* 0 when the client has ended. A slow one makes all others wait. */
static int echo_stream(int fd)
{
	static char data[65536];
	ssize_t n = read(fd, data, sizeof(data)), done = 0, sent;

	while (done < n) {
		sent = write(fd, data + done, (size_t)(n - done));
		if (sent < 0)
			return 0;
		done += sent;
	}
	return n > 0;
}

int main(int argc, char **argv)
{
	unsigned port = argc > 1 ? (unsigned)atoi(argv[1]) : 7;
	struct pollfd polls[2 + MAX_CLIENTS] = {
		{bound(SOCK_DGRAM, port), POLLIN, 0},
		{bound(SOCK_STREAM, port), POLLIN, 0},
	};
	nfds_t count = 2;

	signal(SIGPIPE, SIG_IGN);
	if (listen(polls[1].fd, MAX_CLIENTS))
		err(1, "listen");
	printf("echoing port %u\n", port);
	for (;;) {
		polls[1].events = count < 2 + MAX_CLIENTS ? POLLIN : 0;
		if (poll(polls, count, -1) < 0)
			err(1, "poll");
		if (polls[0].revents)
			echo_datagram(polls[0].fd);
		for (nfds_t i = count; i-- > 2;) {
			if (!polls[i].revents || echo_stream(polls[i].fd))
				continue;
			close(polls[i].fd);
			polls[i] = polls[--count];
		}
		if (polls[1].revents) {
			int fd = accept(polls[1].fd, NULL, NULL);

			if (fd >= 0)
				polls[count++] = (struct pollfd){fd, POLLIN, 0};
		}
	}
}
