/* SPDX-License-Identifier: ISC */
/* The end of a handshake: which segments get it, and that it is right. */
#include "net_handshake.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define SYN_ACK 0x12

/* A SYN, ACK from 10.0.2.15 port 80 to 10.0.2.2 port 40000. */
static const uint8_t ip4_frame[74] = {
	2,    0,    0,	  0,	   0,	 2,    2,    0,	   0,	 0,    0,
	9,    0x08, 0,	  0x45,	   0,	 0,    52,   0x12, 0x34, 0x40, 0,
	64,   6,    0,	  0,	   10,	 0,    2,    15,   10,	 0,    2,
	2,    0,    80,	  0x9c,	   0x40, 0xff, 0xff, 0xff, 0xff, 0x11, 0x22,
	0x33, 0x44, 0x80, SYN_ACK, 0xff, 0xff, 0,    0,	   0,	 0,    2,
	4,    0xf0, 0,	  1,	   3,	 3,    5,    0,	   0,	 0,    0,
};

static const uint8_t ip6_frame[] = {
	2,    0,    0,	     0,	   0,	 2,    2,  0, 0,  0,	0, 9,	 0x86,
	0xdd, 0x60, 0,	     0,	   0,	 0,    20, 6, 64, 0xfd, 0, 0,	 2,
	0,    0,    0,	     0,	   0,	 0,    0,  0, 0,  0,	0, 0x15, 0xfe,
	0x80, 0,    0,	     0,	   0,	 0,    0,  0, 0,  0,	0, 0,	 0,
	0,    1,    0,	     80,   0x9c, 0x40, 1,  2, 3,  4,	5, 6,	 7,
	8,    0x50, SYN_ACK, 0xff, 0xff, 0,    0,  0, 0,
};

/* One's complement sum of all 16-bit words: RFC 1071. */
static unsigned sum(const uint8_t *at, size_t bytes, unsigned more)
{
	unsigned long total = more;

	for (size_t i = 0; i < bytes; i += 2)
		total += (unsigned)at[i] << 8 | at[i + 1];
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return (unsigned)total;
}

static void test_ip4(void)
{
	static const uint8_t ends[] = {0x9c, 0x40, 0, 80, 0x11, 0x22, 0x33,
				       0x44, 0,	   0, 0,  0,	0x50, 0x10};
	uint8_t a[NET_HANDSHAKE_BYTES];
	size_t n = net_handshake_answer(ip4_frame, 74, a);

	EXPECT(n == 54, "%zu bytes", n);
	EXPECT(!memcmp(a, ip4_frame + 6, 6) && !memcmp(a + 6, ip4_frame, 6) &&
		       !memcmp(a + 12, ip4_frame + 12, 2),
	       "Ethernet header");
	EXPECT(a[14] == 0x45 && a[16] == 0 && a[17] == 40 && a[23] == 6 &&
		       !memcmp(a + 26, ip4_frame + 30, 4) &&
		       !memcmp(a + 30, ip4_frame + 26, 4),
	       "IPv4 header");
	EXPECT(sum(a + 14, 20, 0) == 0xffff, "checksum of the header");
	EXPECT(!memcmp(a + 34, ends, sizeof(ends)),
	       "ports, numbers (which wrap) or flags");
	EXPECT(a[48] || a[49], "a closed window");
	EXPECT(sum(a + 26, 28, 6 + 20) == 0xffff, "checksum of the segment");
	promise("a SYN, ACK over IPv4 is acknowledged");
}

static void test_ip6(void)
{
	static const uint8_t ends[] = {0x9c, 0x40, 0, 80, 5, 6,	   7,
				       8,    1,	   2, 3,  5, 0x50, 0x10};
	uint8_t a[NET_HANDSHAKE_BYTES];
	size_t n = net_handshake_answer(ip6_frame, sizeof(ip6_frame), a);

	EXPECT(n == 74, "%zu bytes", n);
	EXPECT(a[14] == 0x60 && a[18] == 0 && a[19] == 20 && a[20] == 6 &&
		       !memcmp(a + 22, ip6_frame + 38, 16) &&
		       !memcmp(a + 38, ip6_frame + 22, 16),
	       "IPv6 header");
	EXPECT(!memcmp(a + 54, ends, sizeof(ends)), "ports, numbers or flags");
	EXPECT(sum(a + 22, 52, 6 + 20) == 0xffff, "checksum of the segment");
	promise("a SYN, ACK over IPv6 is acknowledged");
}

static void expect_none(const uint8_t *from, size_t bytes, size_t at,
			uint8_t value, const char *what)
{
	uint8_t answer[NET_HANDSHAKE_BYTES];
	/* Exactly so many bytes, for the sanitizer. */
	uint8_t *frame = malloc(bytes ? bytes : 1);

	memcpy(frame, from, bytes);
	if (at < bytes)
		frame[at] = value;
	EXPECT(net_handshake_answer(frame, bytes, answer) == 0, "%s, %zu", what,
	       bytes);
	free(frame);
}

static void test_others(void)
{
	for (unsigned flags = 0; flags < 256; flags++) {
		if ((flags & 0x17) == SYN_ACK)
			continue;
		expect_none(ip4_frame, 74, 47, (uint8_t)flags, "other flags");
		expect_none(ip6_frame, 74, 67, (uint8_t)flags, "other flags");
	}
	expect_none(ip4_frame, 74, 23, 17, "UDP");
	expect_none(ip4_frame, 74, 14, 0x46, "options");
	expect_none(ip4_frame, 74, 14, 0x55, "another version");
	expect_none(ip4_frame, 74, 20, 0x20, "a first fragment");
	expect_none(ip4_frame, 74, 21, 1, "a later fragment");
	expect_none(ip4_frame, 74, 13, 6, "ARP");
	expect_none(ip6_frame, 74, 20, 17, "UDP");
	expect_none(ip6_frame, 74, 14, 0x50, "another version");
	for (size_t n = 0; n < 54; n++)
		expect_none(ip4_frame, n, 99, 0, "cut");
	for (size_t n = 0; n < 74; n++)
		expect_none(ip6_frame, n, 99, 0, "cut");
	promise("nothing else is, nor what is cut short");
}

int main(void)
{
	test_ip4();
	test_ip6();
	test_others();
	return promises_end();
}
