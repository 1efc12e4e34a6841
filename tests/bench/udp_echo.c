/* SPDX-License-Identifier: ISC */
/* Sends datagrams on PORT (7) back, and ends at one that begins with 'q'. */
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	struct sockaddr_in name = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char data[2048] = "";

	name.sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 7));
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)))
		return 1;
	while (data[0] != 'q') {
		struct sockaddr_in from;
		socklen_t bytes = sizeof(from);
		ssize_t n = recvfrom(fd, data, sizeof(data), 0,
				     (struct sockaddr *)&from, &bytes);

		if (n < 0 || sendto(fd, data, (size_t)n, 0,
				    (struct sockaddr *)&from, bytes) != n)
			return 1;
	}
	return 0;
}
