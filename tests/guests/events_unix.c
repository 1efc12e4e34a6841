/* SPDX-License-Identifier: ISC */
/* AF_UNIX sockets, as one thread can use them. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "events.h"

static char block[1 << 20];

static unsigned polled(int fd)
{
	struct pollfd p = {.fd = fd,
			   .events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP};

	NEED(poll(&p, 1, 0) >= 0);
	return (unsigned)p.revents;
}

static void show(const int *fds)
{
	printf("  %s", events_names(polled(fds[0])));
	printf(" | %s\n", events_names(polled(fds[1])));
}

static int held(int fd)
{
	int n = -1;

	NEED(ioctl(fd, FIONREAD, &n) == 0);
	return n;
}

static int option(int fd, int name)
{
	socklen_t bytes = sizeof(int);
	int value = -1;

	if (getsockopt(fd, SOL_SOCKET, name, &value, &bytes))
		return -1;
	return value;
}

static void streams(void)
{
	char buffer[100];
	struct stat st;
	int s[2], t[2];

	TELL(socketpair(AF_UNIX, 77, 0, s));
	TELL(socketpair(AF_UNIX, SOCK_STREAM, 5, s));
	TELL(socketpair(AF_INET, SOCK_STREAM, 0, s));
	TELL(socketpair(99, SOCK_STREAM, 0, s));
	NEED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s) == 0);
	TELL(fcntl(s[1], F_GETFD));
	NEED(fstat(s[0], &st) == 0);
	printf("%o\n", st.st_mode);
	show(s);
	TELL(write(s[0], "hello ", 6));
	TELL(send(s[0], "world", 5, 0));
	TELL(held(s[1]));
	show(s);
	TELL(recv(s[1], buffer, 3, MSG_PEEK));
	TELL(recv(s[1], buffer, 3, 0));
	printf("%.3s\n", buffer);
	TELL(read(s[1], buffer, 100));
	printf("%.8s\n", buffer);
	TELL(recv(s[1], buffer, 100, MSG_DONTWAIT));
	TELL(write(s[1], "", 0));
	TELL(send(s[1], "", 0, 0));
	TELL(recv(s[0], buffer, 100, MSG_DONTWAIT));
	TELL(lseek(s[0], 0, SEEK_SET));
	TELL(pread(s[0], buffer, 1, 0));
	TELL(send(s[0], "x", 1, MSG_OOB | MSG_NOSIGNAL) != 77);
	NEED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, t) == 0);
	printf("%x\n", fcntl(t[0], F_GETFL));
	TELL(read(t[0], buffer, 1));
	TELL(write(t[0], "end", 3));
	close(t[0]);
	printf("  %s\n", events_names(polled(t[1])));
	TELL(read(t[1], buffer, 100));
	TELL(read(t[1], buffer, 100));
	TELL(send(t[1], "x", 1, MSG_NOSIGNAL));
	signal(SIGPIPE, SIG_IGN);
	TELL(write(t[1], "x", 1));
	close(t[1]);
	/* Data that nobody read is a reset for who sent it. */
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, t) == 0);
	NEED(write(t[0], "abc", 3) == 3 && write(t[1], "abc", 3) == 3);
	close(t[0]);
	printf("  %s\n", events_names(polled(t[1])));
	TELL(read(t[1], buffer, 100));
	TELL(read(t[1], buffer, 100));
	TELL(read(t[1], buffer, 100));
	printf("  %s\n", events_names(polled(t[1])));
}

static void fatal(void)
{
	int s[2];

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	close(s[0]);
	puts("now");
	send(s[1], "x", 1, 0);
	puts("still here");
}

static void shutting(void)
{
	char buffer[100];
	int s[2];

	signal(SIGPIPE, SIG_IGN);
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	TELL(shutdown(s[0], 3));
	TELL(write(s[0], "before", 6));
	TELL(shutdown(s[0], SHUT_WR));
	show(s);
	TELL(write(s[0], "x", 1));
	TELL(write(s[1], "back", 4));
	TELL(read(s[1], buffer, 100));
	TELL(read(s[1], buffer, 100));
	TELL(read(s[0], buffer, 100));
	show(s);
	TELL(shutdown(s[1], SHUT_WR));
	show(s);
	TELL(read(s[0], buffer, 100));
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	TELL(write(s[0], "before", 6));
	TELL(shutdown(s[1], SHUT_RD));
	show(s);
	TELL(write(s[0], "x", 1));
	TELL(read(s[1], buffer, 100));
	TELL(read(s[1], buffer, 100));
	TELL(shutdown(socket(AF_UNIX, SOCK_STREAM, 0), SHUT_RD));
	TELL(shutdown(STDOUT_FILENO, SHUT_RD));
	TELL(shutdown(900, SHUT_RD));
}

static void full(void)
{
	size_t sent = 0, got = 0;
	ssize_t n;
	int s[2];

	NEED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s) == 0);
	while ((n = write(s[0], block, 10000)) > 0)
		sent += (size_t)n;
	TELL(n);
	printf("%d\n", sent > 100000 && sent < 400000);
	show(s);
	TELL(read(s[1], block, 100));
	while ((n = read(s[1], block, 5000)) > 0)
		got += (size_t)n;
	printf("%d\n", got + 100 == sent);
	show(s);
	TELL(setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, (int[]){2000}, 4));
	TELL(option(s[0], SO_SNDBUF));
	for (sent = 0; (n = write(s[0], block, 1000)) > 0; sent += (size_t)n)
		;
	printf("%d\n", sent > 1000 && sent < 20000);
	/* All kinds of pieces arrive whole, and in order. */
	NEED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s) == 0);
	srand(3);
	for (sent = got = 0; sent < 5000000;) {
		char data[70000];
		size_t ask = (size_t)rand() % sizeof(data) + 1;

		for (size_t i = 0; i < ask; i++)
			data[i] = (char)((sent + i) * 13 / 7);
		n = write(s[0], data, ask);
		sent += n > 0 ? (size_t)n : 0;
		ask = (size_t)rand() % sizeof(data) + 1;
		n = read(s[1], data, ask);
		for (ssize_t i = 0; i < n; i++)
			NEED(data[i] == (char)((got + (size_t)i) * 13 / 7));
		got += n > 0 ? (size_t)n : 0;
	}
	TELL(held(s[1]) == (int)(sent - got));
}

/* Receives one message with everything that belongs to it. */
static void receive(int fd, size_t room, int flags)
{
	struct sockaddr_un from;
	char data[64], control[256];
	struct iovec iov[2] = {{data, room / 2},
			       {data + room / 2, room - room / 2}};
	struct msghdr h = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = iov,
		.msg_iovlen = 2,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;

	memset(&from, 0x55, sizeof(from));
	n = TELL(recvmsg(fd, &h, flags));
	if (n < 0)
		return;
	printf("  \"%.*s\" name %u control %u flags %x\n",
	       (int)(n < (ssize_t)room ? n : (ssize_t)room), data,
	       h.msg_namelen, (unsigned)h.msg_controllen,
	       (unsigned)h.msg_flags);
	if (h.msg_namelen > 2)
		printf("  from %c%s\n",
		       from.sun_path[0] ? from.sun_path[0] : '@',
		       from.sun_path + 1);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c))
		printf("  control %d %d, %u bytes\n", c->cmsg_level,
		       c->cmsg_type, (unsigned)c->cmsg_len);
}

static void messages(void)
{
	static const int types[] = {SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM};
	struct iovec iov[3] = {{"one", 3}, {"", 0}, {"two", 3}};
	struct msghdr h = {.msg_iov = iov, .msg_iovlen = 3};
	char buffer[64];
	int s[2];

	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < 3; i++) {
		printf("type %d\n", types[i]);
		NEED(socketpair(AF_UNIX, types[i] | SOCK_NONBLOCK, 0, s) == 0);
		TELL(option(s[0], SO_TYPE) == types[i]);
		TELL(sendmsg(s[0], &h, 0));
		TELL(send(s[0], "three", 5, MSG_EOR));
		TELL(send(s[0], "four", 4, 0));
		TELL(held(s[1]));
		show(s);
		receive(s[1], 20, MSG_PEEK);
		receive(s[1], 4, 0);
		receive(s[1], 3, MSG_TRUNC);
		receive(s[1], 20, 0);
		receive(s[1], 20, 0);
		TELL(send(s[0], "", 0, 0));
		show(s);
		receive(s[1], 20, 0);
		TELL(sendto(s[0], "x", 1, 0, (void *)&h, 0));
		TELL(read(s[1], buffer, 0));
		TELL(read(s[1], buffer, 10));
		TELL(send(s[0], block, 300000, 0) >= 0);
		close(s[1]);
		printf("  %s\n", events_names(polled(s[0])));
		TELL(send(s[0], "x", 1, 0));
		TELL(send(s[0], "x", 1, 0));
		TELL(recv(s[0], buffer, 10, 0));
		close(s[0]);
	}
}

static void many(void)
{
	char data[4][10];
	struct iovec iov[4];
	struct mmsghdr m[4] = {0};
	int s[2];

	NEED(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, s) == 0);
	for (int i = 0; i < 4; i++) {
		snprintf(data[i], 10, "no. %d", i);
		iov[i] = (struct iovec){data[i], (size_t)(4 + i % 2)};
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	TELL(sendmmsg(s[0], m, 4, 0));
	TELL(m[3].msg_len);
	memset(data, 0, sizeof(data));
	for (int i = 0; i < 4; i++)
		iov[i].iov_len = 10;
	TELL(recvmmsg(s[1], m, 3, 0, NULL));
	printf("%s %u, %s %u\n", data[0], m[0].msg_len, data[1], m[1].msg_len);
	TELL(recvmmsg(s[1], m, 4, MSG_WAITFORONE, NULL));
	printf("%s\n", data[0]);
	TELL(recvmmsg(s[1], m, 4, 0, NULL));
}

static struct sockaddr_un path_name(const char *path)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	strcpy(name.sun_path, path);
	return name;
}

static void show_name(const char *what,
		      int (*get)(int, struct sockaddr *, socklen_t *), int fd)
{
	struct sockaddr_un name = {0};
	socklen_t bytes = sizeof(name);

	if (get(fd, (void *)&name, &bytes)) {
		printf("  %s: %s\n", what, strerror(errno));
		return;
	}
	printf("  %s: %u bytes, family %d", what, bytes, name.sun_family);
	if (bytes > 2)
		printf(", %c%s", name.sun_path[0] ? name.sun_path[0] : '@',
		       name.sun_path + 1);
	printf("\n");
}

static void connections(void)
{
	struct sockaddr_un name = path_name("listener"), peer;
	socklen_t bytes = sizeof(peer);
	int l = socket(AF_UNIX, SOCK_STREAM, 0), c, a, d;
	char buffer[20];
	struct ucred cred;
	struct stat st;

	umask(022);
	TELL(connect(l, (void *)&name, sizeof(name)));
	TELL(listen(l, 5));
	TELL(accept(l, NULL, NULL));
	TELL(bind(l, (void *)&name, 1));
	TELL(bind(l, (void *)&name, sizeof(name) + 1));
	TELL(bind(l, (void *)&name, sizeof(name)));
	TELL(bind(l, (void *)&name, sizeof(name)));
	NEED(stat("listener", &st) == 0);
	printf("%o\n", st.st_mode);
	TELL(open("listener", O_RDWR));
	show_name("name", getsockname, l);
	show_name("peer", getpeername, l);
	c = socket(AF_UNIX, SOCK_STREAM, 0);
	printf("  %s\n", events_names(polled(c)));
	TELL(read(c, buffer, 1));
	TELL(write(c, "x", 1));
	TELL(connect(c, (void *)&name, sizeof(name)));
	TELL(option(l, SO_ACCEPTCONN));
	TELL(listen(l, 1));
	TELL(option(l, SO_ACCEPTCONN));
	printf("  %s\n", events_names(polled(l)));
	TELL(connect(c, (void *)&name, sizeof(name)));
	TELL(connect(c, (void *)&name, sizeof(name)));
	TELL(write(c, "early", 5));
	printf("  %s\n", events_names(polled(l)));
	a = accept4(l, (void *)&peer, &bytes, SOCK_CLOEXEC);
	NEED(a >= 0);
	printf("  peer of %u bytes\n", bytes);
	TELL(fcntl(a, F_GETFD));
	show_name("name", getsockname, a);
	show_name("peer", getpeername, a);
	show_name("name", getsockname, c);
	show_name("peer", getpeername, c);
	TELL(read(a, buffer, 20));
	TELL(write(a, "late", 4));
	TELL(read(c, buffer, 20));
	bytes = sizeof(cred);
	TELL(getsockopt(c, SOL_SOCKET, SO_PEERCRED, &cred, &bytes));
	printf("%d %u %u\n", cred.pid == getpid(), cred.uid, cred.gid);
	TELL(listen(a, 5));
	TELL(bind(a, (void *)&(struct sockaddr_un){AF_UNIX, "other"},
		  sizeof(peer)));
	show_name("name", getsockname, a);
	/* More than the queue takes. */
	for (int i = 0; i < 4; i++) {
		d = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		TELL(connect(d, (void *)&name, sizeof(name)));
	}
	close(l);
	TELL(connect(d, (void *)&name, sizeof(name)));
	TELL(write(a, "still", 5));
	TELL(read(c, buffer, 20));
}

static void ends_of_listeners(void)
{
	struct sockaddr_un name = path_name("listener");
	int l = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), c, other;
	char buffer[10];

	signal(SIGPIPE, SIG_IGN);
	TELL(bind(l, (void *)&name, sizeof(name)));
	TELL(listen(l, 3));
	TELL(accept(l, NULL, NULL));
	c = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	TELL(connect(c, (void *)&name, sizeof(name)));
	close(l);
	printf("  %s\n", events_names(polled(c)));
	TELL(read(c, buffer, 10));
	TELL(read(c, buffer, 10));
	TELL(write(c, "x", 1));
	other = socket(AF_UNIX, SOCK_STREAM, 0);
	TELL(bind(other, (void *)&name, sizeof(name)));
	TELL(unlink("listener"));
	TELL(bind(other, (void *)&name, sizeof(name)));
	TELL(listen(other, 1));
	c = socket(AF_UNIX, SOCK_STREAM, 0);
	TELL(rename("listener", "renamed"));
	TELL(connect(c, (void *)&name, sizeof(name)));
	name = path_name("renamed");
	TELL(connect(c, (void *)&name, sizeof(name)));
	show_name("peer", getpeername, c);
	c = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	TELL(connect(c, (void *)&name, sizeof(name)));
	name = path_name("nowhere/listener");
	TELL(connect(c, (void *)&name, sizeof(name)));
	TELL(bind(c, (void *)&name, sizeof(name)));
	close(open("plain", O_CREAT | O_WRONLY, 0600));
	name = path_name("plain");
	TELL(connect(c, (void *)&name, sizeof(name)));
	TELL(bind(c, (void *)&name, sizeof(name)));
	name.sun_family = AF_INET;
	TELL(connect(c, (void *)&name, sizeof(name)));
}

static void abstract(void)
{
	struct sockaddr_un name = {AF_UNIX, "\0abstract"}, got;
	const socklen_t bytes = offsetof(struct sockaddr_un, sun_path) + 9;
	socklen_t room = sizeof(got);
	int l = socket(AF_UNIX, SOCK_SEQPACKET, 0), c, a;
	char buffer[20];

	TELL(bind(l, (void *)&name, bytes));
	TELL(listen(l, 1));
	show_name("name", getsockname, l);
	c = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	TELL(bind(c, (void *)&name, bytes));
	TELL(connect(c, (void *)&name, bytes - 1));
	TELL(connect(c, (void *)&name, bytes));
	a = accept(l, NULL, NULL);
	TELL(write(c, "first", 5));
	TELL(write(c, "second", 6));
	close(c);
	TELL(read(a, buffer, 3));
	TELL(read(a, buffer, 20));
	TELL(read(a, buffer, 20));
	close(l);
	c = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	TELL(connect(c, (void *)&name, bytes));
	TELL(write(c, "x", 1));
	TELL(read(c, buffer, 1));
	TELL(bind(c, (void *)&name, bytes));
	/* A name that the system chooses. */
	c = socket(AF_UNIX, SOCK_DGRAM, 0);
	TELL(bind(c, (void *)&name, sizeof(sa_family_t)));
	TELL(getsockname(c, (void *)&got, &room));
	printf("%u %d\n", room, got.sun_path[0]);
	TELL(listen(c, 1));
	TELL(accept(c, NULL, NULL));
}

static void datagrams(void)
{
	struct sockaddr_un na = path_name("a"), nb = path_name("b"), none;
	int a = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	int b = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	int c = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	const socklen_t n = sizeof(na);
	char buffer[10];

	signal(SIGPIPE, SIG_IGN);
	memset(&none, 0, sizeof(none));
	TELL(bind(a, (void *)&na, n) + bind(b, (void *)&nb, n));
	TELL(send(a, "x", 1, 0));
	TELL(sendto(a, "to b", 4, 0, (void *)&nb, n));
	TELL(sendto(c, "nameless", 8, 0, (void *)&nb, n));
	receive(b, 20, 0);
	receive(b, 20, 0);
	receive(b, 20, 0);
	TELL(connect(b, (void *)&na, n));
	show_name("peer", getpeername, b);
	TELL(sendto(c, "x", 1, 0, (void *)&nb, n));
	TELL(connect(c, (void *)&nb, n));
	TELL(sendto(a, "again", 5, 0, (void *)&nb, n));
	receive(b, 20, 0);
	TELL(send(b, "back", 4, 0));
	receive(a, 20, 0);
	TELL(connect(b, (void *)&none, n));
	show_name("peer", getpeername, b);
	TELL(connect(c, (void *)&nb, n));
	TELL(send(c, "at last", 7, 0));
	receive(b, 20, 0);
	close(b);
	TELL(send(c, "x", 1, 0));
	TELL(send(c, "x", 1, 0));
	TELL(sendto(c, "x", 1, 0, (void *)&nb, n));
	TELL(shutdown(a, SHUT_RD));
	TELL(sendto(c, "x", 1, 0, (void *)&na, n));
	TELL(recv(a, buffer, 10, 0));
	printf("  %s\n", events_names(polled(a)));
	printf("  %s\n", events_names(polled(c)));
}

static int send_fds(int fd, const int *fds, unsigned count, const char *text)
{
	union {
		char bytes[CMSG_SPACE(300 * sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec iov = {(char *)(uintptr_t)text, strlen(text)};
	struct msghdr h = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(c), fds, count * sizeof(int));
	return (int)sendmsg(fd, &h, 0);
}

/* How many came, and what they are. */
static int receive_fds(int fd, int *fds, unsigned room, size_t bytes, int flags)
{
	char data[64], control[CMSG_SPACE(300 * sizeof(int))];
	struct iovec iov = {data, bytes};
	struct msghdr h = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = room ? CMSG_LEN(room * sizeof(int)) : 0,
	};
	ssize_t n = recvmsg(fd, &h, flags);
	struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&h);
	int count = 0;

	if (c && c->cmsg_type == SCM_RIGHTS) {
		count = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds, CMSG_DATA(c), (size_t)count * sizeof(int));
	}
	printf("  %zd bytes, %d files, flags %x\n", n, count,
	       n < 0 ? 0 : (unsigned)h.msg_flags);
	return count;
}

static void rights(void)
{
	int s[2], p[2], got[300], many[300];
	char buffer[20];

	for (int type = 0; type < 2; type++) {
		NEED(socketpair(AF_UNIX, type ? SOCK_DGRAM : SOCK_STREAM, 0,
				s) == 0);
		NEED(pipe(p) == 0);
		TELL(send_fds(s[0], p, 2, "files"));
		close(p[0]);
		close(p[1]);
		if (receive_fds(s[1], got, 2, 20, MSG_PEEK) == 2) {
			close(got[0]);
			close(got[1]);
		}
		receive_fds(s[1], got, 2, 20, MSG_CMSG_CLOEXEC);
		printf("%d %d\n", fcntl(got[0], F_GETFD),
		       fcntl(got[1], F_GETFD));
		TELL(write(got[1], "through", 7));
		TELL(read(got[0], buffer, 20));
		TELL(send_fds(s[0], got, 2, "few"));
		receive_fds(s[1], got + 2, 1, 20, 0);
		TELL(send_fds(s[0], got, 2, "none"));
		receive_fds(s[1], got + 4, 0, 20, 0);
		TELL(send_fds(s[0], (int[]){got[0], 900}, 2, "bad"));
		/* A stream is cut behind what has files. */
		TELL(write(s[0], "plain", 5));
		TELL(send_fds(s[0], got, 1, "one"));
		TELL(send_fds(s[0], got, 2, "two"));
		TELL(write(s[0], "rest", 4));
		for (int i = 0; i < 3 + type; i++)
			receive_fds(s[1], got + 10, 2, 20, 0);
		/* What is under way closes with the socket. */
		TELL(send_fds(s[0], got, 2, "lost"));
		for (int i = 0; i < 20; i++)
			if (i < 3 || i >= 10)
				close(got[i]);
		close(s[0]);
		close(s[1]);
		for (int fd = 3; fd < 64; fd++)
			close(fd);
	}
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	for (int i = 0; i < 300; i++)
		many[i] = s[0];
	TELL(send_fds(s[0], many, 240, "many"));
	TELL(receive_fds(s[1], got, 240, 20, 0));
	TELL(dup(0));
}

static void options(void)
{
	static const struct {
		const char *name;
		int option;
	} all[] = {
		{"REUSEADDR", SO_REUSEADDR},
		{"KEEPALIVE", SO_KEEPALIVE},
		{"BROADCAST", SO_BROADCAST},
		{"OOBINLINE", SO_OOBINLINE},
		{"PASSCRED", SO_PASSCRED},
		{"PRIORITY", SO_PRIORITY},
		{"SNDBUF", SO_SNDBUF},
		{"RCVBUF", SO_RCVBUF},
		{"TYPE", SO_TYPE},
		{"DOMAIN", SO_DOMAIN},
		{"PROTOCOL", SO_PROTOCOL},
		{"ERROR", SO_ERROR},
		{"ACCEPTCONN", SO_ACCEPTCONN},
	};
	static const int values[] = {1, 100000, 50000, 0};
	struct linger linger = {1, 5};
	struct timeval t = {0, 20000};
	socklen_t bytes = sizeof(t);
	char buffer[10];
	int s[2];

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		printf("%s %d", all[i].name, option(s[0], all[i].option));
		for (int k = 0; k < 4; k++) {
			if (i >= 8)
				break;
			printf(", %d",
			       setsockopt(s[0], SOL_SOCKET, all[i].option,
					  &values[k], sizeof(int)));
			printf(" %d", option(s[0], all[i].option));
		}
		printf("\n");
	}
	TELL(setsockopt(s[0], SOL_SOCKET, SO_REUSEADDR, &values[0], 1));
	TELL(setsockopt(s[0], SOL_SOCKET, SO_TYPE, &values[0], 4));
	TELL(setsockopt(s[0], SOL_SOCKET, 12345, &values[0], 4));
	TELL(setsockopt(s[0], 6, 1, &values[0], 4));
	TELL(getsockopt(s[0], 6, 1, buffer, &bytes));
	TELL(getsockopt(s[0], SOL_SOCKET, 12345, buffer, &bytes));
	TELL(setsockopt(s[0], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	bytes = sizeof(linger);
	memset(&linger, 0, sizeof(linger));
	TELL(getsockopt(s[0], SOL_SOCKET, SO_LINGER, &linger, &bytes));
	printf("%d %d\n", linger.l_onoff, linger.l_linger);
	TELL(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	bytes = sizeof(t);
	memset(&t, 0, sizeof(t));
	TELL(getsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &t, &bytes));
	printf("%ld %ld\n", (long)t.tv_sec, (long)t.tv_usec);
	TELL(read(s[0], buffer, 1));
	TELL(recv(s[0], buffer, 10, MSG_WAITALL));
	t = (struct timeval){0, 5000000};
	TELL(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	TELL(write(s[1], "four", 4));
	TELL(recv(s[0], buffer, 10, MSG_WAITALL));
	TELL(setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &values[0], 4));
	TELL(write(s[0], "cred", 4));
	receive(s[1], 20, 0);
}

int main(int argc, char **argv)
{
	static const struct events_case cases[] = {
		{"streams", streams},
		{"fatal", fatal},
		{"shutting", shutting},
		{"full", full},
		{"messages", messages},
		{"many", many},
		{"connections", connections},
		{"ends_of_listeners", ends_of_listeners},
		{"abstract", abstract},
		{"datagrams", datagrams},
		{"rights", rights},
		{"options", options},
		{NULL, NULL},
	};

	return events_main(argc, argv, cases);
}
