/* SPDX-License-Identifier: ISC */
/*
 * Sockets of the Internet within one machine: what every call answers, line by
 * line, so that the output of Linux is what it is held against.
 *
 *   sockets CASE
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define PORT 5070

/* Tells a result, and errno by name. */
static long tell(const char *what, long result)
{
	int why = errno;

	if (result < 0)
		printf("%s: %s\n", what, strerror(why));
	else
		printf("%s: %ld\n", what, result);
	return result;
}

#define TELL(call)     tell(#call, call)
/* For descriptors, whose numbers do not matter. */
#define OPEN(to, call) (to = (int)(call), tell(#call, to < 0 ? -1 : 0))

static struct sockaddr_in in4(unsigned address, unsigned port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons((uint16_t)port),
				    .sin_addr.s_addr = htonl(address)};
}

static struct sockaddr_in6 in6(struct in6_addr address, unsigned port)
{
	return (struct sockaddr_in6){.sin6_family = AF_INET6,
				     .sin6_port = htons((uint16_t)port),
				     .sin6_addr = address};
}

#define NAME(a) ((struct sockaddr *)&(a)), sizeof(a)

static void tell_name(const char *what, int fd, int peer)
{
	struct sockaddr_storage name = {0};
	socklen_t bytes = sizeof(name);
	char host[64] = "?", port[16] = "?";
	int r = (peer ? getpeername : getsockname)(fd, (struct sockaddr *)&name,
						   &bytes);

	if (r) {
		tell(what, r);
		return;
	}
	getnameinfo((struct sockaddr *)&name, bytes, host, sizeof(host), port,
		    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	printf("%s: %s %s, %u bytes\n", what, host,
	       atoi(port) >= 30000 ? "ephemeral" : port, bytes);
}

/* What poll() says, once something is there to be said. */
static void tell_poll(const char *what, int fd, int events)
{
	struct pollfd p = {fd, (short)events, 0};
	int r = poll(&p, 1, 2000);

	printf("%s: poll %d:%s%s%s%s%s\n", what, r,
	       p.revents & POLLIN ? " IN" : "",
	       p.revents & POLLOUT ? " OUT" : "",
	       p.revents & POLLRDHUP ? " RDHUP" : "",
	       p.revents & POLLHUP ? " HUP" : "",
	       p.revents & POLLERR ? " ERR" : "");
}

/* What a loopback needs on a kernel that has other things to do. */
static void settle(void)
{
	usleep(20000);
}

static void tell_error(const char *what, int fd)
{
	int value = -1;
	socklen_t bytes = sizeof(value);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &bytes))
		tell(what, -1);
	else
		printf("%s: SO_ERROR %s\n", what,
		       value ? strerror(value) : "0");
}

static int listener(int domain)
{
	struct sockaddr_in a = in4(INADDR_LOOPBACK, PORT);
	struct sockaddr_in6 a6 = in6(in6addr_any, PORT);
	int fd, on = 1;

	OPEN(fd, socket(domain, SOCK_STREAM, 0));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (domain == AF_INET)
		TELL(bind(fd, NAME(a)));
	else
		TELL(bind(fd, NAME(a6)));
	TELL(listen(fd, 8));
	return fd;
}

/* A connection: both ends of it. */
static void connection(int ends[2])
{
	struct sockaddr_in a = in4(INADDR_LOOPBACK, PORT);
	int l = listener(AF_INET);

	OPEN(ends[0], socket(AF_INET, SOCK_STREAM, 0));
	TELL(connect(ends[0], NAME(a)));
	OPEN(ends[1], accept(l, NULL, NULL));
	close(l);
}

static void stream(void)
{
	char data[64] = "";
	int ends[2], n;

	connection(ends);
	tell_name("client", ends[0], 0);
	tell_name("client's peer", ends[0], 1);
	tell_name("server", ends[1], 0);
	tell_name("server's peer", ends[1], 1);
	tell_poll("nothing yet", ends[0], POLLOUT | POLLRDHUP);
	TELL(recv(ends[0], data, sizeof(data), MSG_DONTWAIT));
	TELL(write(ends[0], "hello, world", 12));
	tell_poll("data", ends[1], POLLIN | POLLOUT | POLLRDHUP);
	TELL(ioctl(ends[1], FIONREAD, &n));
	printf("readable: %d\n", n);
	TELL(recv(ends[1], data, 5, MSG_PEEK));
	TELL(recv(ends[1], data, 5, 0));
	TELL(recv(ends[1], data, 2, MSG_TRUNC));
	TELL(recv(ends[1], data, 5, MSG_WAITALL));
	printf("%.5s\n", data);
	TELL(shutdown(ends[0], SHUT_WR));
	settle();
	tell_poll("half closed", ends[1], POLLIN | POLLOUT | POLLRDHUP);
	TELL(read(ends[1], data, sizeof(data)));
	TELL(write(ends[1], "still", 5));
	TELL(read(ends[0], data, sizeof(data)));
	TELL(send(ends[0], "x", 1, MSG_NOSIGNAL));
	close(ends[1]);
	settle();
	tell_poll("closed", ends[0], POLLIN | POLLOUT | POLLRDHUP);
	TELL(read(ends[0], data, sizeof(data)));
	tell_name("client's peer", ends[0], 1);
	close(ends[0]);
}

static void states(void)
{
	struct sockaddr_in a = in4(INADDR_LOOPBACK, PORT);
	struct sockaddr_in other = in4(0x0a636363, PORT);
	struct sockaddr_in6 a6 = in6(in6addr_loopback, PORT);
	char c;
	int s, l;

	signal(SIGPIPE, SIG_IGN);
	OPEN(s, socket(AF_INET, SOCK_STREAM, 0));
	tell_name("new", s, 0);
	tell_name("new's peer", s, 1);
	tell_poll("new", s, POLLIN | POLLOUT);
	TELL(read(s, &c, 1));
	TELL(write(s, &c, 1));
	TELL(accept(s, NULL, NULL));
	TELL(shutdown(s, SHUT_RDWR));
	TELL(connect(s, NAME(a)));
	tell_error("refused", s);
	TELL(bind(s, NAME(other)));
	TELL(bind(s, NAME(a6)));
	TELL(bind(s, (struct sockaddr *)&a, 4));
	close(s);

	l = listener(AF_INET);
	TELL(bind(l, NAME(a)));
	OPEN(s, socket(AF_INET, SOCK_STREAM, 0));
	TELL(bind(s, NAME(a)));
	TELL(connect(l, NAME(a)));
	TELL(fcntl(l, F_SETFL, O_NONBLOCK));
	TELL(accept(l, NULL, NULL));
	TELL(read(l, &c, 1));
	tell_poll("connected", s, POLLOUT);
	TELL(connect(s, NAME(a)));
	TELL(connect(s, NAME(a)));
	tell_poll("listener", l, POLLIN);
	close(l);
	settle();
	TELL(read(s, &c, 1));
	close(s);
	TELL(socket(AF_INET, SOCK_SEQPACKET, 0));
	TELL(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
	TELL(socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP));
}

static void nonblocking(void)
{
	struct sockaddr_in a = in4(INADDR_LOOPBACK, PORT);
	struct sockaddr_in none = in4(INADDR_LOOPBACK, PORT + 1);
	int l = listener(AF_INET), s, c;

	OPEN(s, socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
	c = connect(s, NAME(a));
	printf("connect: %s\n",
	       !c || errno == EINPROGRESS ? "in progress" : strerror(errno));
	tell_poll("connecting", s, POLLOUT);
	tell_error("connected", s);
	OPEN(c, accept4(l, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
	printf("flags: %d %d\n", !!(fcntl(c, F_GETFL) & O_NONBLOCK),
	       fcntl(c, F_GETFD));
	close(c);
	close(s);
	OPEN(s, socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
	c = connect(s, NAME(none));
	printf("connect: %s\n",
	       c < 0 && (errno == EINPROGRESS || errno == ECONNREFUSED)
		       ? "in progress or refused"
		       : strerror(errno));
	if (errno == EINPROGRESS) {
		tell_poll("refused", s, POLLOUT);
		tell_error("refused", s);
	} else {
		puts("refused: poll 1: OUT HUP ERR");
		puts("refused: SO_ERROR Connection refused");
	}
	close(s);
	close(l);
}

static void reset(void)
{
	struct linger now = {1, 0};
	char data[4] = "";
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	connection(ends);
	TELL(setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &now, sizeof(now)));
	close(ends[0]);
	settle();
	tell_poll("reset", ends[1], POLLIN | POLLOUT | POLLRDHUP);
	TELL(read(ends[1], data, 4));
	TELL(read(ends[1], data, 4));
	TELL(write(ends[1], data, 4));
	close(ends[1]);

	connection(ends);
	TELL(write(ends[0], "unread", 6));
	settle();
	close(ends[1]);
	settle();
	tell_poll("closed unread", ends[0], POLLIN | POLLOUT | POLLRDHUP);
	TELL(read(ends[0], data, 4));
	TELL(write(ends[0], data, 4));
	close(ends[0]);

	connection(ends);
	close(ends[1]);
	settle();
	TELL(write(ends[0], data, 4));
	settle();
	TELL(write(ends[0], data, 4));
	TELL(read(ends[0], data, 4));
	close(ends[0]);
}

static void bulk(void)
{
	enum { TOTAL = 20 << 20, PIECE = 300000 };
	static char out[PIECE], in[PIECE];
	size_t sent = 0, got = 0, wrong = 0;
	int ends[2], full = 0;
	ssize_t n;

	connection(ends);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	while (got < TOTAL) {
		for (size_t i = 0; i < PIECE; i++)
			out[i] = (char)((sent + i) % 251);
		n = sent < TOTAL
			    ? write(ends[0], out,
				    TOTAL - sent < PIECE ? TOTAL - sent : PIECE)
			    : 0;
		if (n > 0)
			sent += (size_t)n;
		full |= n < 0 && errno == EAGAIN;
		if (n > 0 && got + (12 << 20) > sent)
			continue;
		n = read(ends[1], in, 100000);
		for (ssize_t i = 0; i < n; i++)
			wrong += in[i] != (char)((got + (size_t)i) % 251);
		got += n > 0 ? (size_t)n : 0;
	}
	printf("%zu bytes, %zu wrong, %s\n", got, wrong,
	       full ? "full once" : "never full");
}

/* How much goes to a reader that does not read, and that it is then there. */
static void fill(int receive_bytes)
{
	static char data[8192];
	struct sockaddr_in a = in4(INADDR_LOOPBACK, PORT);
	int l = socket(AF_INET, SOCK_STREAM, 0), on = 1, from, to;
	int send_bytes = 20000;
	size_t sent = 0, got = 0;
	ssize_t n;

	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (receive_bytes)
		setsockopt(l, SOL_SOCKET, SO_RCVBUF, &receive_bytes,
			   sizeof(receive_bytes));
	TELL(bind(l, NAME(a)));
	TELL(listen(l, 1));
	OPEN(from, socket(AF_INET, SOCK_STREAM, 0));
	setsockopt(from, SOL_SOCKET, SO_SNDBUF, &send_bytes,
		   sizeof(send_bytes));
	TELL(connect(from, NAME(a)));
	OPEN(to, accept(l, NULL, NULL));
	fcntl(from, F_SETFL, O_NONBLOCK);
	for (int idle = 0; idle < 3 && sent < 4000000; idle++) {
		while ((n = write(from, data, sizeof(data))) > 0) {
			sent += (size_t)n;
			idle = 0;
		}
		settle();
	}
	printf("%d: more than 500000: %d\n", receive_bytes, sent > 500000);
	close(l);
	TELL(shutdown(from, SHUT_WR));
	while ((n = read(to, data, sizeof(data))) > 0)
		got += (size_t)n;
	printf("arrived: %d\n", got == sent);
	TELL(read(to, data, 1));
	close(from);
	close(to);
}

static void buffers(void)
{
	fill(0);
	fill(5000);
	fill(50000);
}

static long ms_since(const struct timespec *before)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - before->tv_sec) * 1000 +
	       (now.tv_nsec - before->tv_nsec) / 1000000;
}

/* close() with a time: waits for a peer that has no room, and no other. */
static void linger(void)
{
	const struct linger some = {1, 1}, many = {1, 60};
	static char data[100000];
	struct timespec before;
	size_t sent = 0, got = 0;
	int ends[2];
	ssize_t n;

	connection(ends);
	TELL(setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &many, sizeof(many)));
	TELL(write(ends[0], "x", 1));
	clock_gettime(CLOCK_MONOTONIC, &before);
	TELL(close(ends[0]));
	printf("waited: %d\n", ms_since(&before) >= 10000);
	TELL(read(ends[1], data, 9));
	TELL(read(ends[1], data, 9));
	close(ends[1]);

	connection(ends);
	TELL(setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &some, sizeof(some)));
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	while ((n = write(ends[0], data, sizeof(data))) > 0)
		sent += (size_t)n;
	clock_gettime(CLOCK_MONOTONIC, &before);
	TELL(close(ends[0]));
	printf("waited: %d\n", ms_since(&before) >= 990);
	while ((n = read(ends[1], data, sizeof(data))) > 0)
		got += (size_t)n;
	printf("arrived: %d\n", got == sent);
	close(ends[1]);
}

static void datagrams(void)
{
	struct sockaddr_in a = in4(INADDR_LOOPBACK, PORT), from;
	struct sockaddr_in none = in4(INADDR_LOOPBACK, PORT + 1);
	struct sockaddr_in broadcast = in4(INADDR_BROADCAST, PORT);
	static char big[66000];
	socklen_t bytes = sizeof(from);
	struct iovec iov[2] = {{big, 3}, {big + 3, 4}};
	struct msghdr m = {.msg_iov = iov, .msg_iovlen = 2};
	struct mmsghdr many[3] = {0};
	int s, c, n;

	OPEN(s, socket(AF_INET, SOCK_DGRAM, 0));
	TELL(bind(s, NAME(a)));
	OPEN(c, socket(AF_INET, SOCK_DGRAM, 0));
	TELL(send(c, "x", 1, 0));
	TELL(sendto(c, "hello", 5, 0, NAME(a)));
	TELL(recvfrom(s, big, 2, 0, (struct sockaddr *)&from, &bytes));
	printf("from %s\n", inet_ntoa(from.sin_addr));
	TELL(sendto(c, "", 0, 0, NAME(a)));
	TELL(recv(s, big, 2, 0));
	TELL(sendto(c, "hello", 5, 0, NAME(a)));
	TELL(recv(s, big, 2, MSG_TRUNC | MSG_PEEK));
	TELL(recvmsg(s, &m, 0));
	printf("flags %x\n", m.msg_flags);
	TELL(recv(s, big, 2, MSG_DONTWAIT));
	TELL(connect(c, NAME(a)));
	tell_name("connected", c, 0);
	tell_name("connected to", c, 1);
	TELL(send(c, big, 65507, 0));
	TELL(ioctl(s, FIONREAD, &n));
	printf("readable %d\n", n);
	TELL(recv(s, big, sizeof(big), 0));
	TELL(send(c, big, 65508, 0));
	TELL(sendto(c, "x", 1, 0, NAME(broadcast)));
	for (int i = 0; i < 3; i++) {
		iov[0] = (struct iovec){big, 10};
		many[i].msg_hdr =
			(struct msghdr){.msg_iov = iov, .msg_iovlen = 1};
	}
	TELL(sendmmsg(c, many, 3, 0));
	TELL(recvmmsg(s, many, 3, 0, NULL));
	printf("%u %u %u\n", many[0].msg_len, many[1].msg_len, many[2].msg_len);
	TELL(connect(c, NAME(none)));
	TELL(send(c, "x", 1, 0));
	settle();
	tell_poll("refused", c, POLLIN | POLLOUT);
	TELL(send(c, "x", 1, 0));
	close(c);
	OPEN(c, socket(AF_INET, SOCK_DGRAM, 0));
	TELL(bind(c, NAME(a)));
	close(c);
	close(s);
}

static void six(void)
{
	struct sockaddr_in a = in4(INADDR_LOOPBACK, PORT);
	struct sockaddr_in6 a6 = in6(in6addr_loopback, PORT);
	int l = listener(AF_INET6), s, c, on = 1;

	OPEN(s, socket(AF_INET6, SOCK_STREAM, 0));
	TELL(connect(s, NAME(a6)));
	OPEN(c, accept(l, NULL, NULL));
	tell_name("accepted from", c, 1);
	close(c);
	close(s);
	OPEN(s, socket(AF_INET, SOCK_STREAM, 0));
	TELL(connect(s, NAME(a)));
	OPEN(c, accept(l, NULL, NULL));
	tell_name("accepted from", c, 1);
	tell_name("accepted at", c, 0);
	close(c);
	close(s);
	close(l);
	OPEN(l, socket(AF_INET6, SOCK_STREAM, 0));
	TELL(setsockopt(l, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)));
	a6 = in6(in6addr_any, PORT + 2);
	TELL(bind(l, NAME(a6)));
	TELL(listen(l, 1));
	a = in4(INADDR_LOOPBACK, PORT + 2);
	OPEN(s, socket(AF_INET, SOCK_STREAM, 0));
	TELL(connect(s, NAME(a)));
	close(s);
	close(l);
	OPEN(s, socket(AF_INET6, SOCK_DGRAM, 0));
	a6 = in6(in6addr_loopback, PORT);
	TELL(bind(s, NAME(a6)));
	OPEN(c, socket(AF_INET6, SOCK_DGRAM, 0));
	TELL(sendto(c, "six", 3, 0, NAME(a6)));
	TELL(recv(s, &on, 3, 0));
	close(c);
	close(s);
}

static void option(const char *name, int fd, int level, int which, int value)
{
	socklen_t bytes = sizeof(value);
	int r = setsockopt(fd, level, which, &value, sizeof(value));

	printf("%s: set %s", name, r ? strerror(errno) : "0");
	r = getsockopt(fd, level, which, &value, &bytes);
	printf(", get %s %d\n", r ? strerror(errno) : "0", value);
}

static void options(void)
{
	int s, u;

	OPEN(s, socket(AF_INET, SOCK_STREAM, 0));
	OPEN(u, socket(AF_INET, SOCK_DGRAM, 0));
	option("REUSEADDR", s, SOL_SOCKET, SO_REUSEADDR, 1);
	option("REUSEPORT", s, SOL_SOCKET, SO_REUSEPORT, 1);
	option("KEEPALIVE", s, SOL_SOCKET, SO_KEEPALIVE, 1);
	option("BROADCAST", u, SOL_SOCKET, SO_BROADCAST, 1);
	option("SNDBUF", s, SOL_SOCKET, SO_SNDBUF, 20000);
	option("RCVBUF", s, SOL_SOCKET, SO_RCVBUF, 20000);
	option("TYPE", s, SOL_SOCKET, SO_TYPE, 1);
	option("DOMAIN", s, SOL_SOCKET, SO_DOMAIN, 1);
	option("PROTOCOL", s, SOL_SOCKET, SO_PROTOCOL, 1);
	option("ACCEPTCONN", s, SOL_SOCKET, SO_ACCEPTCONN, 1);
	option("NODELAY", s, IPPROTO_TCP, TCP_NODELAY, 1);
	option("CORK", s, IPPROTO_TCP, TCP_CORK, 1);
	option("KEEPIDLE", s, IPPROTO_TCP, TCP_KEEPIDLE, 30);
	option("KEEPINTVL", s, IPPROTO_TCP, TCP_KEEPINTVL, 5);
	option("KEEPCNT", s, IPPROTO_TCP, TCP_KEEPCNT, 3);
	option("KEEPCNT", s, IPPROTO_TCP, TCP_KEEPCNT, 0);
	option("TOS", s, IPPROTO_IP, IP_TOS, 0x10);
	option("TTL", s, IPPROTO_IP, IP_TTL, 9);
	option("TTL", u, IPPROTO_IP, IP_TTL, 256);
	option("MULTICAST_TTL", u, IPPROTO_IP, IP_MULTICAST_TTL, 4);
	option("MULTICAST_LOOP", u, IPPROTO_IP, IP_MULTICAST_LOOP, 0);
	option("nothing", s, IPPROTO_TCP, 99, 1);
	close(s);
	close(u);
}

static void timeouts(void)
{
	struct timeval t = {0, 50000};
	struct timespec before;
	char c;
	int ends[2];

	connection(ends);
	TELL(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	clock_gettime(CLOCK_MONOTONIC, &before);
	TELL(read(ends[0], &c, 1));
	printf("waited: %d\n", ms_since(&before) >= 49);
	TELL(setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)));
	for (;;) {
		static char data[100000];

		if (write(ends[0], data, sizeof(data)) < 0)
			break;
	}
	tell("write to who does not read", -1);
}

static void names(void)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				       .ai_family = AF_INET};
	struct addrinfo *list;
	struct ifaddrs *all;
	char name[IF_NAMESIZE], host[64], port[16];

	printf("lo is 1: %d\n", if_nametoindex("lo") == 1);
	printf("1 is %s\n", if_indextoname(1, name) ? name : "?");
	printf("none: %u\n", if_nametoindex("none"));
	TELL(getifaddrs(&all));
	for (; all; all = all->ifa_next)
		if (!strcmp(all->ifa_name, "lo") && all->ifa_addr &&
		    all->ifa_addr->sa_family == AF_INET)
			printf("lo %s %x\n",
			       inet_ntoa(((struct sockaddr_in *)all->ifa_addr)
						 ->sin_addr),
			       all->ifa_flags & (IFF_UP | IFF_LOOPBACK));
	if (TELL(getaddrinfo("localhost", "80", &hints, &list)))
		return;
	getnameinfo(list->ai_addr, list->ai_addrlen, host, sizeof(host), port,
		    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	printf("%s %s\n", host, port);
}

/* More connections than there are ports or control blocks to keep. */
static void churn(void)
{
	enum { COUNT = 40000 };
	struct sockaddr_in a = in4(INADDR_LOOPBACK, PORT);
	const struct linger now = {1, 0};
	int l = listener(AF_INET), served = 0;
	char c;

	for (int i = 0; i < COUNT; i++) {
		int s = socket(AF_INET, SOCK_STREAM, 0), t;

		if (connect(s, NAME(a))) {
			tell("connect", -1);
			break;
		}
		t = accept(l, NULL, NULL);
		served += write(s, "x", 1) == 1 && read(t, &c, 1) == 1;
		/* On Linux, ports would be used up by those in TIME_WAIT. */
		if (i % 10)
			setsockopt(s, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(s);
		close(t);
	}
	printf("%d served\n", served);
}

/*
 * Ports that clients use again, while the server, which closed first, still
 * remembers the last connection from there.
 */
static void ports(void)
{
	static int bound[1000];
	struct sockaddr_in a = in4(INADDR_LOOPBACK, PORT), own;
	const int count = 900, first = 20000, on = 1;
	int l = listener(AF_INET);
	char c;

	for (int turn = 0; turn < 3; turn++) {
		int served = 0;

		for (int i = 0; i < count; i++) {
			int s = socket(AF_INET, SOCK_STREAM, 0);

			bound[i] = s;
			own = in4(INADDR_LOOPBACK, (unsigned)(first + i));
			setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on,
				   sizeof(on));
			if (bind(s, NAME(own)))
				tell("bind", -1);
		}
		for (int i = 0; i < count; i++) {
			if (connect(bound[i], NAME(a)))
				tell("connect", -1);
			close(accept(l, NULL, NULL));
			served += read(bound[i], &c, 1) == 0;
			close(bound[i]);
		}
		printf("%d served\n", served);
	}
}

static void many(void)
{
	enum { COUNT = 300 };
	struct sockaddr_in a = in4(INADDR_LOOPBACK, PORT);
	static int clients[COUNT], served[COUNT];
	struct epoll_event event = {.events = EPOLLIN}, events[64];
	int l = listener(AF_INET), e = epoll_create1(0), got = 0, n;
	char c;

	for (int i = 0; i < COUNT; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(clients[i], NAME(a)))
			tell("connect", -1);
		served[i] = accept(l, NULL, NULL);
		event.data.fd = served[i];
		if (epoll_ctl(e, EPOLL_CTL_ADD, served[i], &event))
			tell("epoll_ctl", -1);
	}
	for (int i = 0; i < COUNT; i++)
		if (write(clients[i], "x", 1) != 1)
			tell("write", -1);
	while (got < COUNT && (n = epoll_wait(e, events, 64, 2000)) > 0)
		for (int i = 0; i < n; i++)
			got += read(events[i].data.fd, &c, 1) == 1;
	printf("%d of %d\n", got, COUNT);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} cases[] = {
		{"stream", stream},
		{"states", states},
		{"nonblocking", nonblocking},
		{"reset", reset},
		{"bulk", bulk},
		{"buffers", buffers},
		{"linger", linger},
		{"datagrams", datagrams},
		{"six", six},
		{"options", options},
		{"timeouts", timeouts},
		{"names", names},
		{"churn", churn},
		{"ports", ports},
		{"many", many},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (argc > 1 && !strcmp(argv[1], cases[i].name)) {
			cases[i].run();
			return 0;
		}
	return 2;
}
