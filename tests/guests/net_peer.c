/* SPDX-License-Identifier: ISC */
/* The simplest peers, with sockets: net_peer CASE ARGUMENT... */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define CHECK(truth)                                   \
	do {                                           \
		if (!(truth)) {                        \
			printf("line %d: ", __LINE__); \
			fflush(stdout);                \
			perror(#truth);                \
			exit(1);                       \
		}                                      \
	} while (0)

static char buffer[1 << 18];

/* A socket at that port of any address, of both families. */
static int server(int type, int port)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6,
				   .sin6_port = htons((uint16_t)port)};
	int s = socket(AF_INET6, type, 0);

	CHECK(s >= 0);
	CHECK(!bind(s, (struct sockaddr *)&any, sizeof(any)));
	if (type == SOCK_STREAM) {
		CHECK(!listen(s, 16));
		puts("ready");
	}
	return s;
}

/* The byte at @at of what is sent. */
static char byte_at(uint64_t at)
{
	return (char)(at * 7 + (at >> 8) + (at >> 16));
}

/* Speaks first; then prints the first line that comes. */
static void greet(int port)
{
	int s = server(SOCK_STREAM, port), c = accept(s, NULL, NULL);
	ssize_t n;

	CHECK(c >= 0);
	CHECK(write(c, "welcome\n", 8) == 8);
	n = read(c, buffer, sizeof(buffer));
	CHECK(n > 0);
	printf("heard %.*s", (int)n, buffer);
	close(c);
}

/* Sends so many bytes, and ends without closing anything. */
static void leave(int port, uint64_t count)
{
	int s = server(SOCK_STREAM, port), c = accept(s, NULL, NULL);

	CHECK(c >= 0);
	for (uint64_t at = 0; at < count; at += sizeof(buffer))
		CHECK(write(c, buffer, sizeof(buffer)) == sizeof(buffer));
	puts("left");
}

/* Reads so many bytes, which are to be byte_at(), and says so. */
static void sink(int port, uint64_t count)
{
	int s = server(SOCK_STREAM, port), c = accept(s, NULL, NULL);
	const struct timeval patience = {.tv_sec = 10};
	uint64_t total = 0;
	ssize_t n = 0;

	CHECK(c >= 0);
	while (total < count && (n = read(c, buffer, sizeof(buffer))) > 0)
		for (ssize_t i = 0; i < n; i++)
			CHECK(buffer[i] == byte_at(total++));
	CHECK(total == count);
	CHECK(write(c, "got it\n", 7) == 7);
	/* There until it has arrived: nobody would send it again afterwards. */
	CHECK(!setsockopt(c, SOL_SOCKET, SO_RCVTIMEO, &patience,
			  sizeof(patience)));
	(void)!read(c, buffer, 1);
	close(c);
	printf("%llu bytes\n", (unsigned long long)total);
}

/* Sends back so many datagrams. */
static void udp(int port, int count)
{
	int s = server(SOCK_DGRAM, port);

	puts("ready");
	while (count--) {
		struct sockaddr_storage from;
		socklen_t bytes = sizeof(from);
		ssize_t n = recvfrom(s, buffer, sizeof(buffer), 0,
				     (struct sockaddr *)&from, &bytes);

		CHECK(n >= 0);
		CHECK(sendto(s, buffer, (size_t)n, 0, (struct sockaddr *)&from,
			     bytes) == n);
	}
}

/* Connects, and sends so many bytes of byte_at(). */
static void client(const char *address, int port, uint64_t count)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port)};
	int s = socket(AF_INET, SOCK_STREAM, 0);
	uint64_t at = 0;
	ssize_t n;

	CHECK(s >= 0);
	CHECK(inet_pton(AF_INET, address, &to.sin_addr) == 1);
	CHECK(!connect(s, (struct sockaddr *)&to, sizeof(to)));
	while (at < count) {
		size_t want = sizeof(buffer);

		if (want > count - at)
			want = count - at;
		for (size_t i = 0; i < want; i++)
			buffer[i] = byte_at(at + i);
		n = write(s, buffer, want);
		CHECK(n > 0);
		at += (uint64_t)n;
	}
	n = read(s, buffer, sizeof(buffer));
	CHECK(n == 7 && !memcmp(buffer, "got it\n", 7));
	close(s);
	puts("sent");
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (!strcmp(name, "greet"))
		greet(atoi(argv[2]));
	else if (!strcmp(name, "leave"))
		leave(atoi(argv[2]), strtoull(argv[3], NULL, 10));
	else if (!strcmp(name, "sink"))
		sink(atoi(argv[2]), strtoull(argv[3], NULL, 10));
	else if (!strcmp(name, "udp"))
		udp(atoi(argv[2]), atoi(argv[3]));
	else if (!strcmp(name, "client"))
		client(argv[2], atoi(argv[3]), strtoull(argv[4], NULL, 10));
	else
		return 2;
	return 0;
}
