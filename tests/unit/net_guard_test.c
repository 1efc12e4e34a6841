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

	memset(frame, 0, 100);
	frame[12] = ip6 ? 0x86 : 0x08;
	frame[13] = ip6 ? 0xdd : 0x00;
	inet_pton(ip6 ? AF_INET6 : AF_INET, to, frame + (ip6 ? 38 : 30));
	return ip6 ? 54 : 34;
}

static const struct net_guard closed = {
	.gateway4 = {10, 0, 2, 2},
	.gateway6 = {0xfd, 0, 0, 2, [15] = 2},
};

static const struct net_guard gate_open = {
	.gateway4 = {10, 0, 2, 2},
	.gateway6 = {0xfd, 0, 0, 2, [15] = 2},
	.gateway_open = true,
};

/* Exactly so many bytes are looked at, for the sanitizer. */
static bool forbids(const struct net_guard *g, const uint8_t *frame, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);
	bool result;

	memcpy(copy, frame, n);
	result = net_guard_forbids(g, copy, n);
	free(copy);
	return result;
}

static void test_addresses(void)
{
	uint8_t frame[100];

	for (unsigned i = 0; i < COUNT_OF(rows); i++) {
		size_t header = make(frame, rows[i].to);

		/* What is cut short stays here as well. */
		for (size_t n = 0; n <= NET_GUARD_BYTES; n++)
			EXPECT(forbids(&gate_open, frame, n) ==
				       (n >= 14 &&
					(n < header || rows[i].forbidden)),
			       "%s in %zu bytes", rows[i].to, n);
	}
	promise("packets to loopback, in any form, are told from others");
}

struct call_row {
	const char *to;
	uint8_t protocol;
	uint8_t flags; /* of TCP */
	bool forbidden;
};

static void test_gateway(void)
{
	static const struct call_row calls[] = {
		{"10.0.2.2", 6, 0x02, true},
		{"10.0.2.2", 6, 0xc2, true},
		{"10.0.2.2", 6, 0x03, true},
		{"10.0.2.2", 6, 0x12, false},
		{"10.0.2.2", 6, 0x10, false},
		{"10.0.2.2", 6, 0x04, false},
		{"10.0.2.2", 17, 0, true},
		{"10.0.2.2", 1, 0, false},
		{"10.0.2.2", 132, 0, true},
		{"10.0.2.3", 6, 0x02, false},
		{"10.0.2.3", 17, 0, false},
		{"192.0.2.1", 6, 0x02, false},
		{"fd00:0:0:2::2", 6, 0x02, true},
		{"fd00:0:0:2::3", 6, 0x02, false},
	};
	uint8_t frame[100];

	for (unsigned i = 0; i < COUNT_OF(calls); i++) {
		const struct call_row *r = &calls[i];
		bool ip6 = strchr(r->to, ':');

		make(frame, r->to);
		frame[14] = ip6 ? 0x60 : 0x45;
		frame[ip6 ? 20 : 23] = r->protocol;
		frame[ip6 ? 67 : 47] = r->flags;
		if (ip6) /* as the rows above name it */
			memcpy(frame + 38, closed.gateway6, 15);
		EXPECT(forbids(&closed, frame, 74) == r->forbidden,
		       "%s, protocol %u, flags 0x%02x", r->to, r->protocol,
		       r->flags);
		EXPECT(!forbids(&gate_open, frame, 74), "%s when it is open",
		       r->to);
	}
	make(frame, "10.0.2.2");
	frame[23] = 6;
	frame[47] = 0x10;
	for (unsigned first = 0; first < 256; first++) {
		frame[14] = (uint8_t)first;
		EXPECT(forbids(&closed, frame, 74) == ((first & 15) != 5),
		       "a header of %u words", first & 15);
	}
	frame[14] = 0x45;
	for (size_t n = 34; n < 54; n++)
		EXPECT(forbids(&closed, frame, n), "%zu bytes", n);
	promise("a guest answers the gateway, but does not call it");
}

static void test_heard(void)
{
	static struct net_guard g;
	uint8_t in[100], out[100];

	g = closed;
	make(out, "10.0.2.2");
	out[14] = 0x45;
	out[23] = 17;
	for (unsigned port = 0; port < 65536; port += 13) {
		memset(in, 0, sizeof(in));
		in[12] = 8;
		in[14] = 0x45;
		in[23] = port % 2 ? 17 : 6;
		memcpy(in + 26, port % 3 ? "\12\0\2\2" : "\12\0\2\3", 4);
		in[34] = (uint8_t)(port >> 8);
		in[35] = (uint8_t)port;
		net_guard_hear(&g, in, port % 5 ? 42 : 41);
	}
	for (unsigned port = 0; port < 65536; port++) {
		bool heard = port % 13 == 0 && port % 2 && port % 3 && port % 5;

		out[36] = (uint8_t)(port >> 8);
		out[37] = (uint8_t)port;
		EXPECT(forbids(&g, out, 42) == !heard, "port %u", port);
	}
	promise("datagrams go to those ports of the gateway that were heard");
}

static void test_other_frames(void)
{
	uint8_t frame[100];

	for (unsigned type = 0; type < 65536; type++) {
		bool ip4 = type == 0x0800, ip6 = type == 0x86dd;

		memset(frame, 0, sizeof(frame));
		frame[12] = (uint8_t)(type >> 8);
		frame[13] = (uint8_t)type;
		EXPECT(net_guard_forbids(&gate_open, frame, 54) == (ip4 || ip6),
		       "type 0x%04x", type);
	}
	promise("only IPv4 and IPv6 are looked at");
}

/* The first bytes are copied, and the pieces together stay the same frame. */
static void test_pull(void)
{
	static const size_t cuts[] = {0, 1, 13, 14, 73, 74, 75, 80, 100};
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
		EXPECT(net_frame_pull(&f, head, sizeof(head), to) ==
			       NET_GUARD_BYTES,
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
	test_gateway();
	test_heard();
	test_other_frames();
	test_pull();
	return promises_end();
}
