/* SPDX-License-Identifier: ISC */
/* Pipes and FIFOs, as one thread can use them. */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "events.h"

static char block[1 << 20];

static unsigned polled(int fd)
{
	struct pollfd p = {.fd = fd,
			   .events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP |
				     POLLRDNORM | POLLWRNORM};

	NEED(poll(&p, 1, 0) >= 0);
	return (unsigned)p.revents;
}

static void show(const int *fds)
{
	printf("  read end: %s, ", events_names(polled(fds[0])));
	printf("write end: %s\n", events_names(polled(fds[1])));
}

static int held(int fd)
{
	int n = -1;

	NEED(ioctl(fd, FIONREAD, &n) == 0);
	return n;
}

static void ends(void)
{
	char buffer[100];
	struct stat st;
	int p[2];

	TELL(pipe2(p, 12345));
	NEED(pipe(p) == 0);
	NEED(fstat(p[0], &st) == 0);
	printf("mode %o, links %d, size %d\n", st.st_mode, (int)st.st_nlink,
	       (int)st.st_size);
	printf("flags %x %x\n", fcntl(p[0], F_GETFL), fcntl(p[1], F_GETFL));
	show(p);
	TELL(read(p[0], buffer, 0));
	TELL(write(p[1], "abc", 0));
	TELL(write(p[1], "hello", 5));
	TELL(held(p[0]));
	TELL(held(p[1]));
	show(p);
	TELL(read(p[1], buffer, 5));
	TELL(write(p[0], buffer, 5));
	TELL(lseek(p[0], 0, SEEK_SET));
	TELL(pread(p[0], buffer, 1, 0));
	TELL(pwrite(p[1], buffer, 1, 0));
	TELL(ftruncate(p[1], 0));
	TELL(fsync(p[1]));
	TELL(read(p[0], buffer, 2));
	TELL(read(p[0], buffer, sizeof(buffer)));
	TELL(write(p[1], "world", 5));
	TELL(close(p[1]));
	show(p);
	TELL(read(p[0], buffer, sizeof(buffer)));
	TELL(read(p[0], buffer, sizeof(buffer)));
	show(p);
	TELL(close(p[0]));
	TELL(read(p[0], buffer, 1));
}

static void vectors(void)
{
	char a[3], b[7], c[90];
	struct iovec out[3] = {{"ab", 2}, {"", 0}, {"cdefghij", 8}};
	struct iovec in[3] = {{a, 3}, {b, 7}, {c, 90}};
	int p[2];

	NEED(pipe(p) == 0);
	TELL(writev(p[1], out, 3));
	TELL(writev(p[1], out, 3));
	TELL(readv(p[0], in, 2));
	printf("%.3s %.7s\n", a, b);
	TELL(readv(p[0], in, 3));
	printf("%.3s %.7s\n", a, b);
	TELL(writev(p[1], out, -1));
	TELL(writev(p[1], out, 0));
}

static void broken(void)
{
	int p[2];

	NEED(pipe(p) == 0);
	signal(SIGPIPE, SIG_IGN);
	close(p[0]);
	printf("write end: %s\n", events_names(polled(p[1])));
	TELL(write(p[1], "x", 1));
	TELL(write(p[1], "x", 0));
}

static void fatal(void)
{
	int p[2];

	NEED(pipe(p) == 0);
	close(p[0]);
	puts("now");
	write(p[1], "x", 1);
	puts("still here");
}

static void full(void)
{
	size_t total = 0, got = 0;
	ssize_t n;
	int p[2];

	NEED(pipe2(p, O_NONBLOCK) == 0);
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (char)(i * 7 + i / 251);
	TELL(read(p[0], block, 1));
	TELL(fcntl(p[0], F_GETPIPE_SZ));
	TELL(write(p[1], block, 100000));
	TELL(held(p[0]));
	show(p);
	TELL(write(p[1], block, 1));
	TELL(read(p[0], block, PIPE_BUF));
	show(p);
	TELL(write(p[1], block, PIPE_BUF));
	TELL(write(p[1], block, PIPE_BUF));
	while (read(p[0], block, 4096) == 4096)
		;
	/* Around the ring, many times. */
	srand(5);
	while (total < 3000000) {
		char data[5000];
		size_t ask = (size_t)rand() % sizeof(data) + 1;

		for (size_t i = 0; i < ask; i++)
			data[i] = (char)((total + i) * 13 / 7);
		n = write(p[1], data, ask);
		if (n > 0)
			total += (size_t)n;
		ask = (size_t)rand() % sizeof(data) + 1;
		n = read(p[0], data, ask);
		for (ssize_t i = 0; i < n; i++)
			NEED(data[i] == (char)((got + (size_t)i) * 13 / 7));
		got += n > 0 ? (size_t)n : 0;
	}
	printf("rest %d\n", held(p[0]) == (int)(total - got));
}

static void sizes(void)
{
	static const long asked[] = {0,	    1,	   4096,    4097,
				     65536, 65537, 1048576, -1};
	int p[2], file = open("/dev/null", O_RDWR);

	NEED(pipe2(p, O_NONBLOCK) == 0);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		printf("%ld: ", asked[i]);
		TELL(fcntl(p[i % 2], F_SETPIPE_SZ, asked[i]));
	}
	TELL(fcntl(p[1], F_SETPIPE_SZ, 4096));
	TELL(write(p[1], block, 10000));
	show(p);
	TELL(fcntl(p[1], F_SETPIPE_SZ, 16384));
	show(p);
	TELL(write(p[1], block, 4096));
	TELL(fcntl(p[1], F_SETPIPE_SZ, 4096));
	TELL(read(p[0], block, 5000));
	TELL(fcntl(p[1], F_SETPIPE_SZ, 4096));
	TELL(fcntl(file, F_GETPIPE_SZ));
	TELL(fcntl(file, F_SETPIPE_SZ, 4096));
}

static void flags(void)
{
	int p[2], on = 1, off = 0, fd;
	char c;

	NEED(pipe2(p, O_CLOEXEC) == 0);
	TELL(fcntl(p[0], F_GETFD));
	TELL(ioctl(p[0], FIONCLEX));
	TELL(fcntl(p[0], F_GETFD));
	TELL(ioctl(p[0], FIOCLEX));
	TELL(fcntl(p[0], F_GETFD));
	TELL(ioctl(p[0], FIONBIO, &on));
	printf("%x\n", fcntl(p[0], F_GETFL));
	TELL(read(p[0], &c, 1));
	TELL(ioctl(p[0], FIONBIO, &off));
	printf("%x\n", fcntl(p[0], F_GETFL));
	TELL(fcntl(p[0], F_SETFL, O_NONBLOCK));
	TELL(read(p[0], &c, 1));
	TELL(ioctl(p[0], TIOCGWINSZ, &c));
	fd = dup(p[1]);
	close(p[1]);
	TELL(read(p[0], &c, 1));
	close(fd);
	TELL(read(p[0], &c, 1));
}

static void fifo(void)
{
	const char *name = "fifo";
	struct stat st;
	char buffer[20];
	int r, w, both;

	umask(022);
	TELL(mkfifo(name, 0666));
	TELL(mkfifo(name, 0666));
	NEED(stat(name, &st) == 0);
	printf("%o\n", st.st_mode);
	TELL(open(name, O_WRONLY | O_NONBLOCK));
	r = open(name, O_RDONLY | O_NONBLOCK);
	NEED(r >= 0);
	printf("no writer yet: %s\n", events_names(polled(r)));
	TELL(read(r, buffer, 1));
	w = open(name, O_WRONLY);
	NEED(w >= 0);
	printf("a writer: %s\n", events_names(polled(r)));
	TELL(read(r, buffer, 1));
	TELL(write(w, "through", 7));
	NEED(fstat(w, &st) == 0);
	printf("%o\n", st.st_mode);
	close(w);
	printf("no writer left: %s\n", events_names(polled(r)));
	TELL(read(r, buffer, 20));
	TELL(read(r, buffer, 20));
	printf("nothing left: %s\n", events_names(polled(r)));
	w = open(name, O_WRONLY);
	printf("another: %s\n", events_names(polled(r)));
	close(w);
	close(r);
	both = open(name, O_RDWR);
	NEED(both >= 0);
	TELL(write(both, "self", 4));
	printf("both: %s\n", events_names(polled(both)));
	TELL(read(both, buffer, 20));
	printf("both: %s\n", events_names(polled(both)));
	TELL(write(both, "gone", 4));
	close(both);
	both = open(name, O_RDWR | O_NONBLOCK | O_TRUNC);
	TELL(read(both, buffer, 20));
	TELL(unlink(name));
	TELL(write(both, "nameless", 8));
	TELL(read(both, buffer, 20));
	TELL(open(name, O_RDWR));
	TELL(mknod(name, S_IFIFO | 0600, 0));
	r = open(name, O_RDONLY | O_NONBLOCK);
	TELL(read(r, buffer, 20));
	TELL(unlink(name));
}

int main(int argc, char **argv)
{
	static const struct events_case cases[] = {
		{"ends", ends},	  {"vectors", vectors}, {"broken", broken},
		{"fatal", fatal}, {"full", full},	{"sizes", sizes},
		{"flags", flags}, {"fifo", fifo},	{NULL, NULL},
	};

	return events_main(argc, argv, cases);
}
