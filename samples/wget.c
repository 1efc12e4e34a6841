/* SPDX-License-Identifier: ISC */
/*
 * Fetches a page and writes it to standard output:
 *
 *   wget http://HOST[:PORT]/PATH
 */
#include <err.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The first address that answers. */
static int connect_to(const char *host, const char *port)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list, *a;
	int fd = -1, why = getaddrinfo(host, port, &hints, &list);

	if (why)
		errx(1, "%s: %s", host, gai_strerror(why));
	for (a = list; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen)) {
			warn("%s", host);
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(list);
	if (fd < 0)
		errx(1, "%s: no connection", host);
	return fd;
}

int main(int argc, char **argv)
{
	char host[256], port[8] = "80", path[1024] = "/";
	const char *url = argc == 2 ? argv[1] : "", *at;
	char line[1024];
	int status = 0;
	size_t n;
	FILE *f;

	if (strncmp(url, "http://", 7))
		errx(2, "usage: wget http://HOST[:PORT]/PATH");
	at = url + 7;
	/* An IPv6 address stands in brackets. */
	if (sscanf(at, "[%255[^]]]", host) == 1)
		at = strchr(at, ']') + 1;
	else if (sscanf(at, "%255[^:/]", host) == 1)
		at += strlen(host);
	else
		errx(2, "%s: no host", url);
	if (sscanf(at, ":%7[0-9]", port) == 1)
		at += 1 + strlen(port);
	sscanf(at, "%1023s", path);

	f = fdopen(connect_to(host, port), "r+");
	if (!f)
		err(1, "fdopen");
	fprintf(f, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", path, host);
	fflush(f);
	while (fgets(line, sizeof(line), f) && strcmp(line, "\r\n"))
		if (!status && sscanf(line, "HTTP/%*s %d", &status) != 1)
			errx(1, "%s: no answer in HTTP", url);
	while ((n = fread(line, 1, sizeof(line), f)))
		fwrite(line, 1, n, stdout);
	if (status < 200 || status > 299)
		errx(1, "%s: status %d", url, status);
	return ferror(f) || fclose(stdout);
}
