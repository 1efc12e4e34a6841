/* SPDX-License-Identifier: ISC */
/*
 * Starts COMMAND, which is to run net_peer.c behind PORT of loopback, and
 * measures MEGABYTES of one TCP connection to it.
 *
 *	net in|out MEGABYTES PORT COMMAND...	in: to the peer
 */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define TRIES	     1000
#define TRY_EVERY_US 10000

static char data[1 << 20];

/* Connects and says what is wanted; the peer may not be there yet. */
static int connect_to(unsigned port, char wanted)
{
	const struct sockaddr_in name = {.sin_family = AF_INET,
					 .sin_port = htons((uint16_t)port),
					 .sin_addr.s_addr =
						 htonl(INADDR_LOOPBACK)};

	for (unsigned i = 0; i < TRIES; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (!connect(fd, (const struct sockaddr *)&name,
			     sizeof(name)) &&
		    write(fd, &wanted, 1) == 1)
			return fd;
		close(fd);
		usleep(TRY_EVERY_US);
	}
	return -1;
}

/* Bytes that came; at most @bytes. */
static uint64_t take(int fd, uint64_t bytes)
{
	uint64_t total = 0;
	ssize_t n = 1;

	while (total < bytes && n > 0) {
		n = read(fd, data, sizeof(data));
		total += n > 0 ? (uint64_t)n : 0;
	}
	return total;
}

static uint64_t give(int fd, uint64_t bytes)
{
	uint64_t total = 0;
	ssize_t n = 1;

	while (total < bytes && n > 0) {
		n = write(fd, data, sizeof(data));
		total += n > 0 ? (uint64_t)n : 0;
	}
	/* Until the peer has it all. */
	shutdown(fd, SHUT_WR);
	return read(fd, data, 1) == 1 ? total : 0;
}

int main(int argc, char **argv)
{
	const int in = argc > 4 && !strcmp(argv[1], "in");
	uint64_t bytes = argc > 4 ? strtoull(argv[2], NULL, 10) << 20 : 0;
	uint64_t start, total;
	pid_t child;
	int fd;

	if (!bytes)
		return 2;
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(argv[4], argv + 4);
		_exit(127);
	}
	fd = connect_to((unsigned)atoi(argv[3]), in ? 'r' : 's');
	if (fd < 0)
		return 1;
	start = bench_now_ns();
	total = in ? give(fd, bytes) : take(fd, bytes);
	if (total >= bytes)
		bench_report(1, bench_now_ns() - start, 1);
	close(fd);
	waitpid(child, NULL, 0);
	return total < bytes;
}
