/* SPDX-License-Identifier: ISC */
/* Which packets do not leave for the host itself. */
#include "net_guard.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "net_backend.h"
#include "tap.h"

static const struct {
	const char *to;
	bool forbidden;
} rows[] = {
	{"127.0.0.1", true},
	{"127.255.255.255", true},
	{"127.0.0.0", true},
	{"0.0.0.0", true},
	{"0.0.0.1", true},
	{"0.255.255.255", true},
	{"1.0.0.0", false},
	{"126.255.255.255", false},
	{"128.0.0.1", false},
	{"10.0.2.2", false},
	{"255.255.255.255", false},
	{"224.0.0.1", false},
	{"::", true},
	{"::1", true},
	{"::2", true},
	{"::7f00:1", true},
	{"::ffff:127.0.0.1", true},
	{"::ffff:0.0.0.0", true},
	{"::ffff:192.0.2.1", true},
	{"::fffe:127.0.0.1", false},
	{"::1:0:0:1", false},
	{"fe80::1", false},
	{"fd00:0:0:2::2", false},
	{"ff02::1", false},
	{"64:ff9b::7f00:1", false},
	{"100::", false},
};

static size_t make(uint8_t *frame, const char *to)
{
	bool ip6 = strchr(to, ':');

	memset(frame, 0x7f, 100);
	frame[12] = ip6 ? 0x86 : 0x08;
	frame[13] = ip6 ? 0xdd : 0x00;
	inet_pton(ip6 ? AF_INET6 : AF_INET, to, frame + (ip6 ? 38 : 30));
	return ip6 ? 54 : 34;
}

static void test_addresses(void)
{
	uint8_t frame[100];

	for (unsigned i = 0; i < COUNT_OF(rows); i++) {
		size_t header = make(frame, rows[i].to);

		for (size_t n = 0; n <= NET_GUARD_BYTES; n++) {
			/* Exactly so many bytes, for the sanitizer. */
			uint8_t *copy = malloc(n ? n : 1);

			memcpy(copy, frame, n);
			EXPECT(net_guard_forbids(copy, n) ==
				       (n >= header && rows[i].forbidden),
			       "%s in %zu bytes", rows[i].to, n);
			free(copy);
		}
	}
	promise("packets to loopback, in any form, are told from others");
}

static void test_other_frames(void)
{
	uint8_t frame[100];

	for (unsigned type = 0; type < 65536; type++) {
		bool ip4 = type == 0x0800, ip6 = type == 0x86dd;

		memset(frame, 0, sizeof(frame));
		frame[12] = (uint8_t)(type >> 8);
		frame[13] = (uint8_t)type;
		EXPECT(net_guard_forbids(frame, 54) == (ip4 || ip6),
		       "type 0x%04x", type);
	}
	promise("only IPv4 and IPv6 are looked at");
}

/* The first bytes are copied, and the pieces together stay the same frame. */
static void test_pull(void)
{
	static const size_t cuts[] = {0, 1, 13, 14, 53, 54, 55, 80, 100};
	uint8_t frame[100], head[NET_GUARD_BYTES], whole[100];

	for (unsigned i = 0; i < 100; i++)
		frame[i] = (uint8_t)i;
	for (unsigned i = 0; i < COUNT_OF(cuts) * COUNT_OF(cuts); i++) {
		size_t a = cuts[i / COUNT_OF(cuts)], at = 0;
		size_t b = cuts[i % COUNT_OF(cuts)];
		struct iovec from[3], to[4];
		struct net_frame f = {from, 3, 100};

		if (b < a)
			continue;
		from[0] = (struct iovec){frame, a};
		from[1] = (struct iovec){frame + a, b - a};
		from[2] = (struct iovec){frame + b, 100 - b};
		EXPECT(net_frame_pull(&f, head, sizeof(head), to) == 54,
		       "cut at %zu and %zu", a, b);
		EXPECT(to[0].iov_base == head, "the copy is not first");
		for (unsigned j = 0; j < 4; j++) {
			memcpy(whole + at, to[j].iov_base, to[j].iov_len);
			at += to[j].iov_len;
		}
		EXPECT(at == 100 && !memcmp(whole, frame, 100),
		       "cut at %zu and %zu: another frame", a, b);
	}
	promise("a frame with its header copied is the same frame");
}

int main(void)
{
	test_addresses();
	test_other_frames();
	test_pull();
	return promises_end();
}
