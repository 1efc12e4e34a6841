/* SPDX-License-Identifier: ISC */
#include "net_handshake.h"

#include <stdbool.h>
#include <string.h>

#define ETHER_BYTES  14
#define IP4_BYTES    20
#define IP6_BYTES    40
#define TCP_BYTES    20
#define PROTOCOL_TCP 6
#define TCP_SYN	     0x02
#define TCP_ACK	     0x10
#define TCP_FLAGS    0x17 /* with FIN and RST */
#define TTL	     64
/*
 * In units that the two have agreed on: enough to begin with in passt's, which
 * are 256 bytes, and not too much in any. Its next segment says how much.
 */
#define WINDOW	     255

static uint32_t read32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

static void write32(uint8_t *at, uint32_t n)
{
	at[0] = (uint8_t)(n >> 24);
	at[1] = (uint8_t)(n >> 16);
	at[2] = (uint8_t)(n >> 8);
	at[3] = (uint8_t)n;
}

/* RFC 1071, of an even number of bytes, on top of @sum. */
static void write_checksum(uint8_t *to, const uint8_t *from, size_t bytes,
			   uint32_t sum)
{
	for (size_t i = 0; i < bytes; i += 2)
		sum += (uint32_t)from[i] << 8 | from[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum += sum >> 16;
	to[0] = (uint8_t)(~sum >> 8);
	to[1] = (uint8_t)~sum;
}

/* RFC 9293, 3.1. The addresses lie right before it, as the checksum wants. */
static void make_tcp(uint8_t *to, const uint8_t *from, size_t address_bytes)
{
	memset(to, 0, TCP_BYTES);
	memcpy(to, from + 2, 2); /* ports */
	memcpy(to + 2, from, 2);
	memcpy(to + 4, from + 8, 4); /* what it acknowledged is next */
	write32(to + 8, read32(from + 4) + 1);
	to[12] = TCP_BYTES / 4 << 4;
	to[13] = TCP_ACK;
	to[15] = WINDOW;
	write_checksum(to + 16, to - 2 * address_bytes,
		       2 * address_bytes + TCP_BYTES, PROTOCOL_TCP + TCP_BYTES);
}

static bool is_syn_ack(const uint8_t *tcp)
{
	return (tcp[13] & TCP_FLAGS) == (TCP_SYN | TCP_ACK);
}

static size_t answer_ip4(const uint8_t *head, size_t bytes, uint8_t *to)
{
	const uint8_t *ip = head + ETHER_BYTES;
	size_t length = ETHER_BYTES + IP4_BYTES + TCP_BYTES;
	uint8_t *out = to + ETHER_BYTES;

	/* Neither options nor fragments: RFC 791, 3.1. */
	if (bytes < length || ip[0] != 0x45 || (ip[6] & 0x3f) || ip[7] ||
	    ip[9] != PROTOCOL_TCP || !is_syn_ack(ip + IP4_BYTES))
		return 0;
	memset(out, 0, IP4_BYTES);
	out[0] = 0x45;
	out[3] = IP4_BYTES + TCP_BYTES;
	out[8] = TTL;
	out[9] = PROTOCOL_TCP;
	memcpy(out + 12, ip + 16, 4);
	memcpy(out + 16, ip + 12, 4);
	write_checksum(out + 10, out, IP4_BYTES, 0);
	make_tcp(out + IP4_BYTES, ip + IP4_BYTES, 4);
	return length;
}

static size_t answer_ip6(const uint8_t *head, size_t bytes, uint8_t *to)
{
	const uint8_t *ip = head + ETHER_BYTES;
	size_t length = ETHER_BYTES + IP6_BYTES + TCP_BYTES;
	uint8_t *out = to + ETHER_BYTES;

	/* No extension headers: RFC 8200, 3. */
	if (bytes < length || ip[0] >> 4 != 6 || ip[6] != PROTOCOL_TCP ||
	    !is_syn_ack(ip + IP6_BYTES))
		return 0;
	memset(out, 0, IP6_BYTES);
	out[0] = 0x60;
	out[5] = TCP_BYTES;
	out[6] = PROTOCOL_TCP;
	out[7] = TTL;
	memcpy(out + 8, ip + 24, 16);
	memcpy(out + 24, ip + 8, 16);
	make_tcp(out + IP6_BYTES, ip + IP6_BYTES, 16);
	return length;
}

size_t net_handshake_answer(const uint8_t *head, size_t bytes, uint8_t *answer)
{
	if (bytes < ETHER_BYTES)
		return 0;
	memcpy(answer, head + 6, 6);
	memcpy(answer + 6, head, 6);
	memcpy(answer + 12, head + 12, 2);
	if (head[12] == 0x08 && head[13] == 0x00)
		return answer_ip4(head, bytes, answer);
	if (head[12] == 0x86 && head[13] == 0xdd)
		return answer_ip6(head, bytes, answer);
	return 0;
}
