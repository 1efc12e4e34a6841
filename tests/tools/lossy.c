/* SPDX-License-Identifier: ISC */
/*
 * A bad wire between two guests: starts two programs, each with one end as
 * descriptor 9, and carries frames between them, of which it loses, doubles,
 * damages or holds back some. Everything follows from SEED.
 *
 *	lossy SEED LOST DOUBLED DAMAGED HELD PROGRAM... -- PROGRAM...
 *
 * The four are per mille. Exit status: that of the second program, or, if that
 * is 0, of the first.
 */
#include <err.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define FRAME_MAX 65554 /* with its length before it */
#define GUEST_FD  9
#define HOLD_MS	  20

static uint64_t state;
static unsigned lost, doubled, damaged, held;

struct end {
	int fd;
	pid_t program;
	int gone;
	size_t held_bytes; /* a frame that waits for the next one; 0: none */
	unsigned char held[FRAME_MAX];
};

static struct end end[2];

/* Marsaglia's xorshift64. */
static unsigned chance(unsigned of)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % of;
}

static void start(struct end *e, char **argv)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		err(125, "socketpair");
	e->fd = pair[0];
	e->program = fork();
	if (e->program == 0) {
		dup2(pair[1], GUEST_FD);
		execvp(argv[0], argv);
		err(125, "%s", argv[0]);
	}
	close(pair[1]);
}

static int read_all(int fd, unsigned char *to, size_t bytes)
{
	while (bytes) {
		ssize_t n = read(fd, to, bytes);

		if (n <= 0)
			return 0;
		to += n;
		bytes -= (size_t)n;
	}
	return 1;
}

/* What the other end does not take is lost too. */
static void put(struct end *to, const unsigned char *frame, size_t bytes)
{
	while (bytes && !to->gone) {
		ssize_t n = write(to->fd, frame, bytes);

		if (n <= 0)
			return;
		frame += n;
		bytes -= (size_t)n;
	}
}

static void flush(struct end *to)
{
	put(to, to->held, to->held_bytes);
	to->held_bytes = 0;
}

static void carry(struct end *from, struct end *to)
{
	static unsigned char frame[FRAME_MAX];
	size_t bytes;

	from->gone = !read_all(from->fd, frame, 4);
	bytes = (size_t)(frame[0] << 24 | frame[1] << 16 | frame[2] << 8 |
			 frame[3]);
	if (from->gone || bytes > FRAME_MAX - 4 ||
	    !read_all(from->fd, frame + 4, bytes)) {
		from->gone = 1;
		return;
	}
	if (chance(1000) < lost)
		return;
	if (chance(1000) < damaged)
		frame[4 + chance((unsigned)bytes)] ^=
			(unsigned char)(1u << chance(8));
	if (!to->held_bytes && chance(1000) < held) {
		memcpy(to->held, frame, bytes + 4);
		to->held_bytes = bytes + 4;
		return;
	}
	put(to, frame, bytes + 4);
	if (chance(1000) < doubled)
		put(to, frame, bytes + 4);
	flush(to);
}

static void run(void)
{
	while (!end[0].gone || !end[1].gone) {
		struct pollfd p[2];
		int holds = end[0].held_bytes || end[1].held_bytes;

		for (int i = 0; i < 2; i++)
			p[i] = (struct pollfd){end[i].gone ? -1 : end[i].fd,
					       POLLIN, 0};
		if (poll(p, 2, holds ? HOLD_MS : -1) == 0) {
			flush(&end[0]);
			flush(&end[1]);
		}
		for (int i = 0; i < 2; i++)
			if (p[i].revents)
				carry(&end[i], &end[!i]);
	}
}

int main(int argc, char **argv)
{
	int status[2], second = 6;

	if (argc < 9)
		return 125;
	state = strtoull(argv[1], NULL, 10) * 2 + 1;
	lost = (unsigned)atoi(argv[2]);
	doubled = (unsigned)atoi(argv[3]);
	damaged = (unsigned)atoi(argv[4]);
	held = (unsigned)atoi(argv[5]);
	signal(SIGPIPE, SIG_IGN);
	while (second < argc && strcmp(argv[second], "--") != 0)
		second++;
	if (second == argc)
		return 125;
	argv[second++] = NULL;
	start(&end[0], argv + 6);
	start(&end[1], argv + second);
	run();
	for (int i = 0; i < 2; i++)
		if (waitpid(end[i].program, &status[i], 0) < 0)
			err(125, "no child");
	for (int i = 1; i >= 0; i--)
		if (status[i])
			return WIFEXITED(status[i]) ? WEXITSTATUS(status[i])
						    : 128;
	return 0;
}
