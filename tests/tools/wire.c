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
 * The kind may also be one of these, with PART ignored:
 *
 * tap:NAME   descriptor 9 is this tap, open
 * udp:PORT   there is no descriptor 9; prints datagrams to that port of any
 *            address which came while the program ran
 *
 * Exit status: the program's.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define FRAME_MAX 65550
#define GUEST_FD  9

static int fd, type, guest; /* guest: tells when the program ends */

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
		/* Nothing tells that there is no other end of datagrams. */
		struct pollfd p[] = {{fd, POLLIN, 0}, {guest, POLLIN, 0}};

		if (poll(p, 2, -1) < 0 || !p[0].revents)
			return 0;
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

/* All of them in one write, so that they are there at once. */
static void put_together(unsigned char frame[][FRAME_MAX + 4],
			 const size_t *bytes, unsigned count)
{
	struct iovec iov[64];
	size_t all = 0;

	for (unsigned i = 0; i < count; i++) {
		iov[i] = (struct iovec){frame[i], bytes[i] + 4};
		all += iov[i].iov_len;
	}
	if (writev(fd, iov, (int)count) != (ssize_t)all)
		errx(1, "they do not fit");
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
		if (type == SOCK_STREAM && batch > 1) {
			put_together(frame, bytes, batch);
			continue;
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

static int open_tap(const char *name)
{
	struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (tap < 0 || ioctl(tap, TUNSETIFF, &r) < 0)
		err(125, "%s", name);
	return tap;
}

static int open_udp(unsigned port)
{
	struct sockaddr_in any = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
	};
	int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (udp < 0 || bind(udp, (struct sockaddr *)&any, sizeof(any)) < 0)
		err(125, "port %u", port);
	return udp;
}

static void print_datagrams(void)
{
	char text[1000];
	ssize_t n;

	while ((n = recv(fd, text, sizeof(text), MSG_DONTWAIT)) >= 0)
		printf("%.*s\n", (int)n, text);
}

/* Starts the program, with @end as its descriptor 9 unless that is -1. */
static pid_t start(int end, char **argv)
{
	pid_t child = fork();

	if (child < 0)
		err(125, "fork");
	if (child)
		return child;
	if (end >= 0 && dup2(end, GUEST_FD) < 0)
		err(125, "descriptor %d", GUEST_FD);
	execvp(argv[0], argv);
	err(125, "%s", argv[0]);
}

int main(int argc, char **argv)
{
	int pair[2] = {-1, -1}, status;
	pid_t child;

	if (argc < 4)
		return 125;
	signal(SIGPIPE, SIG_IGN);
	type = !strcmp(argv[1], "stream")      ? SOCK_STREAM
	       : !strcmp(argv[1], "seqpacket") ? SOCK_SEQPACKET
					       : SOCK_DGRAM;
	if (!strncmp(argv[1], "tap:", 4))
		pair[1] = open_tap(argv[1] + 4);
	else if (!strncmp(argv[1], "udp:", 4))
		pair[0] = open_udp((unsigned)atoi(argv[1] + 4));
	else if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) < 0)
		err(125, "socketpair");
	child = start(pair[1], argv + 3);
	close(pair[1]);
	guest = (int)syscall(SYS_pidfd_open, child, 0);
	fd = pair[0];
	if (pair[0] >= 0 && pair[1] >= 0)
		play(argv[2]);
	fflush(stdout);
	if (waitpid(child, &status, 0) < 0)
		err(125, "no child");
	if (!strncmp(argv[1], "udp:", 4))
		print_datagrams();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
