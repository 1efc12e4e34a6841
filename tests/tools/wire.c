/* SPDX-License-Identifier: ISC */
/*
 * The other end of a guest's network: makes a pair of sockets, runs a program
 * with one of them as descriptor 9, and plays a part on the other.
 *
 *	wire stream|seqpacket|dgram PART[:ARGUMENT] PROGRAM ARGUMENT...
 *
 * echo       sends every frame back
 * batch:N    the same, but all N at once when it has N
 * hex:BYTES  sends these bytes as they are, and nothing more, and closes
 * hold:BYTES the same, but does not close
 * count      reads to the end; prints how many frames of which length came
 * slow:FILE  reads nothing before FILE is not empty; then all
 *
 * Exit status: the program's.
 */
#include <err.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FRAME_MAX 65550
#define GUEST_FD  9

static int fd, type;

/* All of it, or the end of the program. */
static int read_all(void *to, size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t n = read(fd, (char *)to + done, bytes - done);

		if (n <= 0) {
			if (done)
				puts("cut");
			return 0;
		}
		done += (size_t)n;
	}
	return 1;
}

static void write_all(const void *from, size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t n = write(fd, (const char *)from + done, bytes - done);

		if (n <= 0)
			return;
		done += (size_t)n;
	}
}

/* The next frame, with its length before it; its bytes, 0 at the end. */
static size_t next(unsigned char *frame)
{
	ssize_t n;

	if (type != SOCK_STREAM) {
		n = read(fd, frame + 4, FRAME_MAX);
		return n > 0 ? (size_t)n : 0;
	}
	if (!read_all(frame, 4))
		return 0;
	n = frame[0] << 24 | frame[1] << 16 | frame[2] << 8 | frame[3];
	if (n < 14 || n > FRAME_MAX)
		errx(1, "a frame of %zd bytes", n);
	return read_all(frame + 4, (size_t)n) ? (size_t)n : 0;
}

static void put(const unsigned char *frame, size_t bytes)
{
	if (type == SOCK_STREAM)
		write_all(frame, bytes + 4);
	else
		write_all(frame + 4, bytes);
}

static void echo(unsigned batch)
{
	static unsigned char frame[64][FRAME_MAX + 4];
	size_t bytes[64];

	for (;;) {
		for (unsigned i = 0; i < batch; i++) {
			bytes[i] = next(frame[i]);
			if (!bytes[i])
				return;
		}
		for (unsigned i = 0; i < batch; i++)
			put(frame[i], bytes[i]);
	}
}

static void send_hex(const char *hex)
{
	static unsigned char bytes[4096];
	size_t count = 0;
	unsigned value;

	for (; sscanf(hex, "%2x", &value) == 1; hex += 2)
		bytes[count++] = (unsigned char)value;
	if (count)
		write_all(bytes, count);
}

static void count_frames(void)
{
	static unsigned char frame[FRAME_MAX + 4];
	size_t bytes, last = 0;
	unsigned frames = 0;

	while ((bytes = next(frame))) {
		last = bytes;
		frames++;
	}
	printf("%u frames, the last of %zu bytes\n", frames, last);
}

static void slow(const char *path)
{
	struct stat st = {0};

	while (stat(path, &st) < 0 || !st.st_size)
		poll(NULL, 0, 10);
	count_frames();
}

static void play(char *part)
{
	char *argument = strchr(part, ':');

	if (argument)
		*argument++ = '\0';
	if (!strcmp(part, "echo"))
		echo(1);
	else if (!strcmp(part, "batch"))
		echo((unsigned)atoi(argument));
	else if (!strcmp(part, "hex"))
		send_hex(argument);
	else if (!strcmp(part, "hold"))
		send_hex(argument);
	else if (!strcmp(part, "count"))
		count_frames();
	else if (!strcmp(part, "slow"))
		slow(argument);
	else
		errx(1, "unknown part %s", part);
	if (strcmp(part, "hold") != 0)
		close(fd);
}

int main(int argc, char **argv)
{
	int pair[2], status;
	pid_t child;

	if (argc < 4)
		return 125;
	signal(SIGPIPE, SIG_IGN);
	type = !strcmp(argv[1], "stream")      ? SOCK_STREAM
	       : !strcmp(argv[1], "seqpacket") ? SOCK_SEQPACKET
					       : SOCK_DGRAM;
	if (socketpair(AF_UNIX, type, 0, pair) < 0)
		err(125, "socketpair");
	child = fork();
	if (child == 0) {
		close(pair[0]);
		if (dup2(pair[1], GUEST_FD) < 0)
			err(125, "dup2");
		close(pair[1]);
		execvp(argv[3], argv + 3);
		err(125, "%s", argv[3]);
	}
	close(pair[1]);
	fd = pair[0];
	play(argv[2]);
	fflush(stdout);
	if (child < 0 || waitpid(child, &status, 0) < 0)
		err(125, "no child");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
