/* SPDX-License-Identifier: ISC */
/* A peer of the guest that speaks Ethernet, and knows how to lie. */
#ifndef LWIP_PEER_H
#define LWIP_PEER_H

#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#include "lwip_fixture.h"

#define ETH_BYTES 14
#define IP_BYTES  20
#define IP6_BYTES 40

static uint64_t seed = 1;

static unsigned any(unsigned below)
{
	return below ? (unsigned)((random_next(&seed) >> 32) % below) : 0;
}

static const uint8_t peer_mac[6] = {2, 0, 0, 0, 0, 2};
static const uint8_t guest_ip4[4] = {10, 0, 0, 1}, peer_ip4[4] = {10, 0, 0, 2};

/* A frame being made. */
struct packet {
	unsigned bytes;
	uint8_t data[BP_FRAME_MAX_BYTES];
};

static void add(struct packet *p, const void *data, size_t bytes)
{
	if (data)
		memcpy(p->data + p->bytes, data, bytes);
	else
		memset(p->data + p->bytes, 0, bytes);
	p->bytes += (unsigned)bytes;
}

static void add16(struct packet *p, unsigned value)
{
	const uint8_t b[] = {(uint8_t)(value >> 8), (uint8_t)value};

	add(p, b, sizeof(b));
}

static void add32(struct packet *p, uint32_t value)
{
	add16(p, value >> 16);
	add16(p, value & 0xffff);
}

static void set16(struct packet *p, unsigned at, unsigned value)
{
	p->data[at] = (uint8_t)(value >> 8);
	p->data[at + 1] = (uint8_t)value;
}

static void begin_frame(struct packet *p, unsigned type)
{
	p->bytes = 0;
	add(p, boot.net.mac, 6);
	add(p, peer_mac, 6);
	add16(p, type);
}

static void begin_ip4(struct packet *p, unsigned protocol)
{
	begin_frame(p, 0x0800);
	add16(p, 0x4500);
	add16(p, 0);
	add32(p, 0);
	add16(p, 0x4000 | protocol);
	add16(p, 0);
	add(p, peer_ip4, 4);
	add(p, guest_ip4, 4);
}

/* fe80::ff:fe00:N, as a MAC of 02:00:00:00:00:N makes it. */
static void add_link_local(struct packet *p, uint8_t n)
{
	const uint8_t address[16] = {0xfe,
				     0x80, [11] = 0xff, [12] = 0xfe, [15] = n};

	add(p, address, sizeof(address));
}

static inline void begin_ip6(struct packet *p, unsigned protocol)
{
	begin_frame(p, 0x86dd);
	add32(p, 0x60000000);
	add16(p, 0);
	add16(p, protocol << 8 | 255);
	add_link_local(p, 2);
	add_link_local(p, 1);
}

/* The lengths, once all is there. Sums the guest does not look at here. */
static void end_ip(struct packet *p)
{
	if (p->data[ETH_BYTES] >> 4 == 6)
		set16(p, ETH_BYTES + 4, p->bytes - ETH_BYTES - IP6_BYTES);
	else
		set16(p, ETH_BYTES + 2, p->bytes - ETH_BYTES);
}

static inline void add_udp(struct packet *p, unsigned from, unsigned to,
			   unsigned bytes)
{
	add16(p, from);
	add16(p, to);
	add16(p, 8 + bytes);
	add16(p, 0);
}

static void deliver(const struct packet *p)
{
	if (p->bytes >= ETH_BYTES)
		put_frame(&to_guest, p->data, p->bytes);
}

/* Changes a few bytes, cuts or stretches. */
static inline void mutate(struct packet *p)
{
	unsigned changes = any(4);

	while (changes--)
		p->data[any(p->bytes)] = (uint8_t)random_next(&seed);
	if (any(8) == 0)
		p->bytes = any(p->bytes + 1);
	if (any(16) == 0)
		add(p, NULL, any(64));
}

#endif
