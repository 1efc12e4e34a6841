/* SPDX-License-Identifier: ISC */
/*
 * The other end of net.c, for one connection on PORT: the first byte says
 * whether it is to send ('s', as much as the other takes) or to receive.
 */
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char data[1 << 20];
	struct sockaddr_in name = {.sin_family = AF_INET};
	int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0), fd;

	signal(SIGPIPE, SIG_IGN);
	name.sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 80));
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&name, sizeof(name)) ||
	    listen(listener, 4))
		return 1;
	do {
		fd = accept(listener, NULL, NULL);
	} while (read(fd, data, 1) != 1);
	if (data[0] == 's')
		while (write(fd, data, sizeof(data)) > 0)
			;
	else
		while (read(fd, data, sizeof(data)) > 0)
			;
	/* Tells that all has arrived. */
	write(fd, "x", 1);
	return 0;
}
