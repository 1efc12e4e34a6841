/* SPDX-License-Identifier: ISC */
/* Answers one datagram, and then computes for ever. */
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

int main(void)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(7)};
	socklen_t bytes = sizeof(name);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	volatile unsigned count = 0;
	char data[64];
	ssize_t n;

	if (bind(fd, (struct sockaddr *)&name, sizeof(name)))
		return 1;
	puts("waiting");
	n = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&name,
		     &bytes);
	sendto(fd, data, (size_t)n, 0, (struct sockaddr *)&name, bytes);
	for (;;)
		count++;
}
