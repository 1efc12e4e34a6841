/* SPDX-License-Identifier: ISC */
/*
 * A web server for static files:
 *
 *   httpd [PORT [DIRECTORY]]
 *
 * Serves DIRECTORY (/www, or where that does not exist /data) on PORT (80),
 * over IPv4 and IPv6, until SIGTERM. GET and HEAD, connections that stay open,
 * parts of files, index.html. One thread waits for all connections at once.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_CLIENTS   1000
#define REQUEST_BYTES 8192
#define HEAD_BYTES    512
#define IDLE_SECONDS  60

struct client {
	char request[REQUEST_BYTES]; /* what came, and was not yet answered */
	size_t request_bytes;
	char head[HEAD_BYTES]; /* the answer: this, then a part of file */
	size_t head_bytes, head_sent;
	int file; /* -1: none */
	off_t at, end;
	int answering, stays;
	time_t active;
};

/* Slot 0 is the listening socket. */
static struct pollfd polls[1 + MAX_CLIENTS];
static struct client *clients[1 + MAX_CLIENTS];
static int client_count;

static volatile sig_atomic_t stopping;

static void stop(int signal)
{
	(void)signal;
	stopping = 1;
}

static const char *type_of(const char *path)
{
	static const char *const types[][2] = {
		{".html", "text/html; charset=utf-8"},
		{".css", "text/css"},
		{".js", "text/javascript"},
		{".json", "application/json"},
		{".txt", "text/plain; charset=utf-8"},
		{".svg", "image/svg+xml"},
		{".png", "image/png"},
		{".jpg", "image/jpeg"},
		{".gif", "image/gif"},
		{".ico", "image/x-icon"},
		{".pdf", "application/pdf"},
		{".wasm", "application/wasm"},
	};
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot && i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(dot, types[i][0]))
			return types[i][1];
	return "application/octet-stream";
}

static int hex(char c)
{
	const char *digits = "0123456789abcdef", *at;

	at = c ? strchr(digits, c | ('A' <= c && c <= 'F' ? 32 : 0)) : NULL;
	return at ? (int)(at - digits) : -1;
}

/*
 * Makes the target of a request a path below the directory: decodes %XX, cuts
 * the query off. 0, or -1 where it is none, or would lead out.
 */
static int to_path(const char *target, char *path, size_t room)
{
	size_t n = 0;

	if (*target != '/')
		return -1;
	path[n++] = '.';
	for (; *target && *target != '?' && *target != '#'; target++) {
		int c = (unsigned char)*target;

		if (c == '%') {
			if (hex(target[1]) < 0 || hex(target[2]) < 0)
				return -1;
			c = hex(target[1]) * 16 + hex(target[2]);
			target += 2;
		}
		if (!c || n + sizeof("index.html") >= room)
			return -1;
		path[n++] = (char)c;
	}
	path[n] = '\0';
	for (const char *at = path; (at = strstr(at, "/..")); at += 3)
		if (!at[3] || at[3] == '/')
			return -1;
	if (path[n - 1] == '/')
		strcpy(path + n, "index.html");
	return 0;
}

/* The value of a field of the request, or NULL. */
static const char *field(const char *request, const char *name)
{
	const size_t bytes = strlen(name);
	const char *line = request;

	while ((line = strstr(line, "\r\n"))) {
		line += 2;
		if (strncasecmp(line, name, bytes) || line[bytes] != ':')
			continue;
		line += bytes + 1;
		return line + strspn(line, " \t");
	}
	return NULL;
}

static void put_head(struct client *c, const char *status, const char *more)
{
	char date[32];
	time_t now = time(NULL);

	strftime(date, sizeof(date), "%a, %d %b %Y %T GMT", gmtime(&now));
	c->head_bytes = (size_t)snprintf(
		c->head, sizeof(c->head),
		"HTTP/1.1 %s\r\nDate: %s\r\nConnection: %s\r\n%s", status, date,
		c->stays ? "keep-alive" : "close", more);
	c->head_sent = 0;
	c->answering = 1;
}

static void refuse(struct client *c, const char *status)
{
	char more[128];

	snprintf(more, sizeof(more),
		 "Content-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s\n",
		 strlen(status) + 1, status);
	put_head(c, status, more);
}

/*
 * "bytes=A-B", "bytes=A-", "bytes=-N". 1: a part of the file, 0: all of it,
 * -1: nothing of it.
 */
static int part(const char *range, off_t size, off_t *first, off_t *end)
{
	long long a, b;
	int n = 0;

	if (!range || strncmp(range, "bytes=", 6))
		return 0;
	range += 6;
	if (sscanf(range, "-%lld%n", &b, &n) == 1 && range[0] == '-') {
		a = b < size ? size - b : 0;
		b = b ? size : 0;
	} else if (sscanf(range, "%lld-%lld%n", &a, &b, &n) == 2) {
		if (b < a)
			return 0;
		b = b < size ? b + 1 : size;
	} else if (sscanf(range, "%lld-%n", &a, &n) == 1 && n) {
		b = size;
	} else {
		return 0;
	}
	if (range[n] == ',')
		return 0; /* several: all of it is an answer too */
	if (a >= size || a >= b)
		return -1;
	*first = a;
	*end = b;
	return 1;
}

static void answer_file(struct client *c, const char *path, int with_body)
{
	char more[256], where[80] = "";
	struct stat st;
	int is_part;

	c->file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (c->file < 0 || fstat(c->file, &st)) {
		refuse(c, errno == EACCES ? "403 Forbidden" : "404 Not Found");
		return;
	}
	if (S_ISDIR(st.st_mode)) {
		snprintf(more, sizeof(more),
			 "Location: %.180s/\r\nContent-Length: 0\r\n\r\n",
			 path + 1);
		put_head(c, "301 Moved Permanently", more);
		return;
	}
	if (!S_ISREG(st.st_mode)) {
		refuse(c, "403 Forbidden");
		return;
	}
	c->at = 0;
	c->end = st.st_size;
	is_part = part(field(c->request, "Range"), st.st_size, &c->at, &c->end);
	if (is_part)
		snprintf(where, sizeof(where),
			 is_part < 0 ? "Content-Range: bytes */%lld\r\n"
				     : "Content-Range: bytes %3$lld-%2$lld/"
				       "%1$lld\r\n",
			 (long long)st.st_size, (long long)c->end - 1,
			 (long long)c->at);
	if (is_part < 0)
		c->at = c->end = 0;
	snprintf(more, sizeof(more),
		 "Content-Type: %s\r\nContent-Length: %lld\r\n"
		 "Accept-Ranges: bytes\r\n%s\r\n",
		 type_of(path), (long long)(c->end - c->at), where);
	put_head(c,
		 is_part < 0 ? "416 Range Not Satisfiable"
		 : is_part   ? "206 Partial Content"
			     : "200 OK",
		 more);
	if (!with_body)
		c->at = c->end;
}

static void answer(struct client *c)
{
	char method[8], target[2048], version[16], path[2048];
	const char *connection = field(c->request, "Connection");

	c->stays = 0;
	if (sscanf(c->request, "%7s %2047s %15s", method, target, version) !=
		    3 ||
	    strncmp(version, "HTTP/1.", 7)) {
		refuse(c, "400 Bad Request");
		return;
	}
	c->stays = strcmp(version, "HTTP/1.0") != 0;
	if (connection)
		c->stays = c->stays
				   ? strncasecmp(connection, "close", 5) != 0
				   : !strncasecmp(connection, "keep-alive", 10);
	if (field(c->request, "Content-Length") ||
	    field(c->request, "Transfer-Encoding"))
		c->stays = 0; /* a body, which nobody will read */
	if (strcmp(method, "GET") && strcmp(method, "HEAD"))
		refuse(c, "501 Not Implemented");
	else if (to_path(target, path, sizeof(path)))
		refuse(c, "400 Bad Request");
	else
		answer_file(c, path, method[0] == 'G');
}

/* Sends on. 1: all of it is sent, 0: not yet, -1: the client is gone. */
static int send_answer(struct client *c, int fd)
{
	ssize_t n;

	while (c->head_sent < c->head_bytes) {
		n = send(fd, c->head + c->head_sent,
			 c->head_bytes - c->head_sent,
			 MSG_NOSIGNAL | (c->at < c->end ? MSG_MORE : 0));
		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		c->head_sent += (size_t)n;
	}
	while (c->file >= 0 && c->at < c->end) {
		n = sendfile(fd, c->file, &c->at, (size_t)(c->end - c->at));
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n <= 0)
			return -1;
	}
	if (c->file >= 0)
		close(c->file);
	c->file = -1;
	c->answering = 0;
	return 1;
}

/* The whole request at the front of what came is answered: the next one. */
static void next_request(struct client *c)
{
	char *end = strstr(c->request, "\r\n\r\n") + 4;

	c->request_bytes -= (size_t)(end - c->request);
	memmove(c->request, end, c->request_bytes + 1);
}

/* Goes on with a client as far as possible; -1: it is to be closed. */
static int serve(struct client *c, int fd)
{
	ssize_t n;

	for (;;) {
		if (c->answering) {
			n = send_answer(c, fd);
			if (n <= 0)
				return (int)n;
			if (!c->stays)
				return -1;
			next_request(c);
		}
		if (strstr(c->request, "\r\n\r\n")) {
			answer(c);
			continue;
		}
		if (c->request_bytes == sizeof(c->request) - 1) {
			c->stays = 0;
			refuse(c, "431 Request Header Fields Too Large");
			continue;
		}
		n = recv(fd, c->request + c->request_bytes,
			 sizeof(c->request) - 1 - c->request_bytes, 0);
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n <= 0)
			return -1;
		c->request_bytes += (size_t)n;
		c->request[c->request_bytes] = '\0';
	}
}

static void accept_clients(void)
{
	while (client_count < MAX_CLIENTS) {
		int fd = accept4(polls[0].fd, NULL, NULL,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);
		struct client *c = fd < 0 ? NULL : calloc(1, sizeof(*c));

		if (fd < 0)
			return;
		if (!c) {
			close(fd);
			return;
		}
		c->file = -1;
		c->active = time(NULL);
		client_count++;
		clients[client_count] = c;
		polls[client_count] = (struct pollfd){fd, POLLIN, 0};
	}
}

static void close_client(int i)
{
	if (clients[i]->file >= 0)
		close(clients[i]->file);
	/* Without this, unread input would make it a reset. */
	shutdown(polls[i].fd, SHUT_WR);
	while (recv(polls[i].fd, clients[i]->request, REQUEST_BYTES, 0) > 0)
		;
	close(polls[i].fd);
	free(clients[i]);
	clients[i] = clients[client_count];
	polls[i] = polls[client_count];
	client_count--;
}

static int listen_on(unsigned port)
{
	struct sockaddr_in6 name = {.sin6_family = AF_INET6,
				    .sin6_port = htons((uint16_t)port),
				    .sin6_addr = IN6ADDR_ANY_INIT};
	int fd =
		socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, off = 0;

	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)) ||
	    listen(fd, SOMAXCONN))
		err(1, "port %u", port);
	return fd;
}

int main(int argc, char **argv)
{
	const struct sigaction action = {.sa_handler = stop};
	unsigned port = argc > 1 ? (unsigned)atoi(argv[1]) : 80;

	if (argc > 2 ? chdir(argv[2]) : chdir("/www") && chdir("/data"))
		err(1, "%s", argc > 2 ? argv[2] : "/www, /data");
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	polls[0] = (struct pollfd){listen_on(port), POLLIN, 0};
	printf("serving on port %u\n", port);
	fflush(stdout);
	while (!stopping) {
		time_t now;

		polls[0].events = client_count < MAX_CLIENTS ? POLLIN : 0;
		if (poll(polls, (nfds_t)client_count + 1, IDLE_SECONDS * 1000) <
			    0 &&
		    errno != EINTR)
			err(1, "poll");
		now = time(NULL);
		for (int i = client_count; i > 0; i--) {
			struct client *c = clients[i];
			int bad = 0;

			if (polls[i].revents) {
				c->active = now;
				bad = serve(c, polls[i].fd) < 0;
			} else if (now - c->active > IDLE_SECONDS) {
				bad = 1;
			}
			if (bad)
				close_client(i);
			else
				polls[i].events =
					c->answering ? POLLOUT : POLLIN;
		}
		if (polls[0].revents)
			accept_clients();
	}
	while (client_count)
		close_client(client_count);
	puts("stopped");
	return 0;
}
