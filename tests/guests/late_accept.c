/* SPDX-License-Identifier: ISC */
/* A server with a short backlog that is busy until a line comes on stdin. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(25)};
	struct pollfd line = {.fd = STDIN_FILENO, .events = POLLIN};
	int count = argc > 1 ? atoi(argv[1]) : 0;
	int l = socket(AF_INET, SOCK_STREAM, 0);
	struct pollfd callers = {.fd = l, .events = POLLIN};

	if (l < 0 || bind(l, (void *)&a, sizeof(a)) || listen(l, 1))
		return 1;
	puts("ready");
	/* Who comes meanwhile is looked at, and queued, but not accepted. */
	while (!poll(&line, 1, 5))
		poll(&callers, 1, 0);
	for (int i = 0; i < count; i++) {
		int s = accept(l, NULL, NULL);

		if (s < 0 || write(s, "welcome\n", 8) != 8 || close(s))
			return 2;
	}
	puts("all served");
	return 0;
}
