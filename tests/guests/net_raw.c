/* SPDX-License-Identifier: ISC */
/* Frames by hand: net_raw CASE ARGUMENT..., on the network device named net0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot_info.h"
#include "hypercall_x86_64.h"
#include "memory_map.h"

#define CHECK(truth)                                               \
	do {                                                       \
		if (!(truth)) {                                    \
			printf("line %d: %s\n", __LINE__, #truth); \
			exit(1);                                   \
		}                                                  \
	} while (0)

#define ROOM	65552
#define HEADER	14
#define SECOND	1000000000ull
#define PATIENT (10 * SECOND)

static unsigned device;
static uint64_t bit, calls;
static const struct bp_device *entry;
static const struct bp_net *net;

static unsigned char out_data[BP_MAX_FRAMES][ROOM];
static unsigned char in_data[BP_MAX_FRAMES][ROOM];
static struct bp_frame out[BP_MAX_FRAME_ENTRIES], in[BP_MAX_FRAME_ENTRIES];

static void find_device(void)
{
	const char *base = (const char *)BP_BOOT_INFO_GPA;
	const struct bp_boot_info *info = (const void *)base;

	entry = (const void *)(base + info->device_offset);
	for (; device < info->device_count; device++, entry++)
		if (entry->kind == BP_DEVICE_NET &&
		    !strcmp(entry->name, "net0"))
			break;
	CHECK(device < info->device_count);
	bit = 1ull << device;
	CHECK(entry->net_offset % 8 == 0);
	CHECK(entry->net_offset + sizeof(*net) <= info->size_bytes);
	net = (const void *)(base + entry->net_offset);
}

static int64_t io(unsigned send, unsigned receive)
{
	calls++;
	return hypercall_net_io(device, out, send, in, receive);
}

/* Waits until the device is ready; a wait may end early. */
static void await(void)
{
	uint64_t ready = 0;

	for (int i = 0; i < 100 && !ready; i++)
		ready = hypercall_wait(PATIENT, bit);
	CHECK(ready == bit);
}

/* Frame @number, of @bytes: every byte follows from both. */
static void make(unsigned char *to, unsigned number, unsigned bytes)
{
	memset(to, 0xff, 6);
	memcpy(to + 6, net->mac, 6);
	to[12] = 0x88;
	to[13] = 0xb5; /* for local experiments: IEEE 802 */
	for (unsigned i = HEADER; i < bytes; i++)
		to[i] = (unsigned char)(number * 31 + i + (i >> 8));
}

static int is(const unsigned char *frame, unsigned number, unsigned bytes)
{
	static unsigned char wanted[ROOM];

	make(wanted, number, bytes);
	return !memcmp(frame, wanted, bytes);
}

static void fill_out(unsigned count, unsigned first, unsigned bytes)
{
	for (unsigned i = 0; i < count; i++) {
		make(out_data[i], first + i, bytes);
		out[i] = (struct bp_frame){(uintptr_t)out_data[i], bytes, 0};
	}
}

static void empty_in(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		in[i] = (struct bp_frame){(uintptr_t)in_data[i], ROOM, 0};
}

static void info(void)
{
	printf("mtu %u flags %u prefix %u %u\nmac", net->mtu, net->flags,
	       net->ip4_prefix, net->ip6_prefix);
	for (int i = 0; i < 6; i++)
		printf(" %02x", net->mac[i]);
	printf("\nip4 %u.%u.%u.%u gw %u dns %u\n", net->ip4[0], net->ip4[1],
	       net->ip4[2], net->ip4[3], net->ip4_gateway[3], net->ip4_dns[3]);
	printf("ip6 %02x%02x ..%02x gw %u dns %u\n", net->ip6[0], net->ip6[1],
	       net->ip6[15], net->ip6_gateway[15], net->ip6_dns[15]);
	CHECK(!net->reserved && !entry->capacity_bytes);
}

/* All frames go out, as fast as they are taken; somebody sends them back. */
static void echo(unsigned count, unsigned bytes)
{
	unsigned sent = 0, received = 0, blocked = 0;

	while (received < count) {
		unsigned n = count - sent < 64 ? count - sent : 64;
		int64_t done;

		fill_out(n, sent, bytes);
		empty_in(64);
		done = io(n, 64);
		CHECK(done >= 0);
		CHECK(BP_NET_SENT(done) <= n && BP_NET_RECEIVED(done) <= 64);
		for (unsigned i = 0; i < BP_NET_RECEIVED(done); i++) {
			CHECK(in[i].bytes == bytes);
			CHECK(is(in_data[i], received++, bytes));
		}
		sent += BP_NET_SENT(done);
		blocked += BP_NET_SENT(done) < n;
		if (!done)
			await();
	}
	printf("sent %u received %u blocked %d\n", sent, received, blocked > 0);
}

/* Frames come in order until the other end goes. */
static void drain(unsigned bytes)
{
	unsigned received = 0;
	int64_t done;

	for (;;) {
		empty_in(64);
		done = io(0, 64);
		if (done == -BP_CLOSED)
			break;
		CHECK(done >= 0);
		for (unsigned i = 0; i < BP_NET_RECEIVED(done); i++) {
			CHECK(in[i].bytes == bytes);
			CHECK(is(in_data[i], received++, bytes));
		}
		if (!done)
			await();
	}
	/* It stays so, and nobody waits for it. */
	await();
	fill_out(1, 0, 60);
	CHECK(io(1, 1) == -BP_CLOSED);
	printf("received %u, then closed\n", received);
}

/* Whatever comes, until the other end goes. */
static void drain_any(void)
{
	int64_t done;

	puts("ready");
	do {
		empty_in(64);
		done = io(0, 64);
		if (!done)
			hypercall_wait(BP_WAIT_FOREVER, bit);
	} while (done >= 0);
	CHECK(done == -BP_CLOSED);
	puts("closed");
}

/* One call for 64 frames there, and one for 64 back. */
static void batch(void)
{
	int64_t done;

	fill_out(64, 0, 60);
	empty_in(64);
	CHECK(BP_NET_SENT(io(64, 0)) == 64);
	/* The other end answers when it has all 64. */
	await();
	done = io(0, 64);
	CHECK(BP_NET_SENT(done) == 0 && BP_NET_RECEIVED(done) == 64);
	for (unsigned i = 0; i < 64; i++)
		CHECK(in[i].bytes == 60 && is(in_data[i], i, 60));
	CHECK(calls == 2);
	puts("64 and 64 in 2 calls");
}

/* Frames in pieces, some of them empty, both ways. */
static void pieces(void)
{
	unsigned char *f = in_data[0];
	int64_t done;

	make(out_data[0], 7, 1514);
	out[0] = (struct bp_frame){(uintptr_t)out_data[0], 14, BP_FRAME_MORE};
	out[1] = (struct bp_frame){(uintptr_t)out_data[0], 0, BP_FRAME_MORE};
	out[2] = (struct bp_frame){(uintptr_t)out_data[0] + 14, 1499,
				   BP_FRAME_MORE | 8};
	out[3] = (struct bp_frame){(uintptr_t)out_data[0] + 1513, 1, 0};
	in[0] = (struct bp_frame){(uintptr_t)f + 1000, 10, BP_FRAME_MORE};
	in[1] = (struct bp_frame){(uintptr_t)f, 0, BP_FRAME_MORE};
	in[2] = (struct bp_frame){(uintptr_t)f + 2000, 1504, BP_FRAME_MORE};
	in[3] = (struct bp_frame){(uintptr_t)f + 5000, 100, 0};
	in[4] = (struct bp_frame){(uintptr_t)f + 9000, 77, 0};
	done = io(4, 0);
	CHECK(done == 1);
	await();
	done = io(0, 5);
	CHECK(BP_NET_RECEIVED(done) == 1);
	CHECK(in[0].bytes == 10 && in[1].bytes == 0 && in[2].bytes == 1504);
	CHECK(in[3].bytes == 0 && in[4].bytes == 77);
	CHECK(in[2].flags == BP_FRAME_MORE && in[0].gpa == (uintptr_t)f + 1000);
	CHECK(!memcmp(f + 1000, out_data[0], 10));
	CHECK(!memcmp(f + 2000, out_data[0] + 10, 1504));
	puts("done");
}

/* A frame that is too long for its buffer is lost, the next one is not. */
static void small(void)
{
	fill_out(2, 0, 60);
	out[0].bytes = 61;
	CHECK(io(2, 0) == 2);
	in[0] = (struct bp_frame){(uintptr_t)in_data[0], 60, 0};
	in_data[0][60] = 99;
	for (int64_t done = 0; !done; done = io(0, 1)) {
		await();
		CHECK(done >= 0);
	}
	CHECK(in[0].bytes == 60 && is(in_data[0], 1, 60));
	CHECK(in_data[0][60] == 99);
	puts("done");
}

/* Nobody reads: the device takes what it can, says so, and goes on later. */
static void full(void)
{
	uint64_t frames = 0;
	int64_t done;

	do {
		fill_out(64, 0, 60000);
		done = io(64, 0);
		CHECK(done >= 0);
		frames += BP_NET_SENT(done);
		CHECK(frames < 100000);
	} while (BP_NET_SENT(done) == 64);
	CHECK(io(1, 0) == 0);
	/* Not ready: there is nothing to receive, and no room. */
	CHECK(hypercall_wait(1000000, bit) == 0);
	printf("full\n");
	/* The other end begins to read when it hears that. */
	while (hypercall_wait(PATIENT, bit) != bit)
		;
	CHECK(io(1, 0) == 1);
	/* What is not wanted any more is not waited for. */
	CHECK(io(0, 0) == 0);
	CHECK(hypercall_wait(1000000, bit) == 0);
	puts("done");
}

/* Sends this many, and ends at once. */
static void leave(unsigned count, unsigned bytes)
{
	unsigned sent = 0;

	while (sent < count) {
		unsigned n = count - sent < 64 ? count - sent : 64;
		int64_t done;

		fill_out(n, sent, bytes);
		done = io(n, 0);
		CHECK(done >= 0);
		sent += BP_NET_SENT(done);
		if (BP_NET_SENT(done) < n)
			hypercall_wait(PATIENT, bit);
	}
}

/* Waits for a frame; where it is. */
static unsigned char *next_frame(void)
{
	for (;;) {
		int64_t done;

		empty_in(1);
		done = io(0, 1);
		CHECK(done >= 0);
		if (BP_NET_RECEIVED(done) == 1)
			return in_data[0];
		await();
	}
}

static void send_frame(unsigned char *frame, unsigned bytes)
{
	out[0] = (struct bp_frame){(uintptr_t)frame, bytes, 0};
	CHECK(io(1, 0) == 1);
}

/* Sends so many frames back to whence they came. */
static void mirror(unsigned count)
{
	for (; count; count--) {
		unsigned char *f = next_frame();

		while (hypercall_net_io(
			       device,
			       &(struct bp_frame){(uintptr_t)f, in[0].bytes, 0},
			       1, NULL, 0) != 1)
			hypercall_wait(PATIENT, bit);
	}
}

/* Turns an Ethernet frame round. */
static void turn(unsigned char *f)
{
	memcpy(f, f + 6, 6);
	memcpy(f + 6, net->mac, 6);
}

static void answer_arp(unsigned char *f)
{
	if (f[21] != 1 || memcmp(f + 38, net->ip4, 4))
		return;
	turn(f);
	f[21] = 2; /* RFC 826: the reply */
	memcpy(f + 32, f + 22, 10);
	memcpy(f + 22, net->mac, 6);
	memcpy(f + 28, net->ip4, 4);
	send_frame(f, 42);
}

static int answer_echo(unsigned char *f, unsigned bytes)
{
	unsigned sum;

	if (f[23] != 1 || f[34] != 8 || memcmp(f + 30, net->ip4, 4))
		return 0;
	turn(f);
	memcpy(f + 30, f + 26, 4);
	memcpy(f + 26, net->ip4, 4);
	f[34] = 0; /* RFC 792: the reply; RFC 1624: its checksum */
	sum = (unsigned)(f[36] << 8 | f[37]) + 0x800;
	sum += sum >> 16;
	f[36] = (unsigned char)(sum >> 8);
	f[37] = (unsigned char)sum;
	send_frame(f, bytes);
	return 1;
}

/* Answers ARP, and so many pings. */
static void pong(unsigned count)
{
	puts("ready");
	while (count) {
		unsigned char *f = next_frame();

		if (f[12] == 8 && f[13] == 6)
			answer_arp(f);
		else if (f[12] == 8 && f[13] == 0)
			count -= (unsigned)answer_echo(f, in[0].bytes);
	}
}

/* Finds the gateway's MAC. */
static void resolve(unsigned char mac[6])
{
	static const unsigned char head[] = {0, 1, 8, 0, 6, 4, 0, 1};
	unsigned char *f = out_data[0];

	memset(f, 0xff, 6);
	memcpy(f + 6, net->mac, 6);
	f[12] = 8;
	f[13] = 6;
	memcpy(f + 14, head, 8);
	memcpy(f + 22, net->mac, 6);
	memcpy(f + 28, net->ip4, 4);
	memset(f + 32, 0, 6);
	memcpy(f + 38, net->ip4_gateway, 4);
	send_frame(f, 42);
	do
		f = next_frame();
	while (f[12] != 8 || f[13] != 6 || f[21] != 2 ||
	       memcmp(f + 28, net->ip4_gateway, 4));
	memcpy(mac, f + 22, 6);
}

/* A datagram to a host's port, without checksums. */
static void udp(const char *address, unsigned port)
{
	static const unsigned char ip[] = {0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17};
	unsigned char *f = out_data[1];
	unsigned a[4];

	CHECK(sscanf(address, "%u.%u.%u.%u", a, a + 1, a + 2, a + 3) == 4);
	CHECK(net->flags & BP_NET_SEND_UNSUMMED);
	memset(f, 0, 46);
	resolve(f);
	memcpy(f + 6, net->mac, 6);
	f[12] = 8;
	memcpy(f + 14, ip, sizeof(ip));
	memcpy(f + 26, net->ip4, 4);
	for (int i = 0; i < 4; i++)
		f[30 + i] = (unsigned char)a[i];
	f[34] = 0x40;
	f[36] = (unsigned char)(port >> 8);
	f[37] = (unsigned char)port;
	f[39] = 12; /* bytes of it */
	memcpy(f + 42, "ping", 4);
	send_frame(f, 46);
}

static void no_wait(void)
{
	empty_in(2);
	CHECK(io(0, 2) == 0);
	CHECK(in[0].bytes == ROOM && in[1].bytes == ROOM);
	CHECK(io(0, 0) == 0);
	CHECK(hypercall_wait(0, bit) == 0);
	CHECK(hypercall_wait(1000000, bit) == 0);
	puts("done");
}

static const char constant[4096] = "read-only";

/* What no correct guest does. The first violation is the end. */
static void wrong(const char *what)
{
	static const struct bp_frame const_list[1] = {
		{(uintptr_t)in_data, 100, 0}};

	fill_out(64, 0, 60);
	empty_in(64);
	if (!strcmp(what, "device"))
		hypercall_net_io(device + 1, out, 0, in, 0);
	else if (!strcmp(what, "long list"))
		hypercall_net_io(device, out, 129, in, 0);
	else if (!strcmp(what, "endless list"))
		hypercall_net_io(device, out, 0, in, ~0ull / 16);
	else if (!strcmp(what, "many frames")) {
		out[64] = out[63];
		hypercall_net_io(device, out, 65, in, 0);
	} else if (!strcmp(what, "many buffers")) {
		in[64] = in[63];
		hypercall_net_io(device, out, 0, in, 65);
	} else if (!strcmp(what, "no end")) {
		out[1].flags = BP_FRAME_MORE;
		hypercall_net_io(device, out, 2, in, 0);
	} else if (!strcmp(what, "short frame")) {
		out[1].bytes = 13;
		hypercall_net_io(device, out, 2, in, 0);
	} else if (!strcmp(what, "long frame")) {
		out[1].bytes = 65551;
		hypercall_net_io(device, out, 2, in, 0);
	} else if (!strcmp(what, "long pieces")) {
		/* Their sum is 14 in 32 bits. */
		const struct bp_boot_info *b = (void *)BP_BOOT_INFO_GPA;

		for (int i = 0; i < 128; i++)
			out[i] = (struct bp_frame){b->heap_start, 33818640,
						   BP_FRAME_MORE};
		out[127].bytes = 30;
		out[127].flags = 0;
		hypercall_net_io(device, out, 128, in, 0);
	} else if (!strcmp(what, "short buffer")) {
		in[0].bytes = 13;
		hypercall_net_io(device, out, 0, in, 1);
	} else if (!strcmp(what, "list of nobody"))
		hypercall_net_io(device, (void *)0x1000, 1, in, 0);
	else if (!strcmp(what, "frame of nobody")) {
		out[3].gpa = 0x1000;
		hypercall_net_io(device, out, 4, in, 0);
	} else if (!strcmp(what, "buffer of text")) {
		in[0].gpa = (uintptr_t)constant;
		in[0].bytes = 1000;
		hypercall_net_io(device, out, 0, in, 1);
	} else if (!strcmp(what, "list of text"))
		hypercall_net_io(device, out, 0, (void *)const_list, 1);
	puts("still here");
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	unsigned a = argc > 2 ? (unsigned)atoi(argv[2]) : 0;
	unsigned b = argc > 3 ? (unsigned)atoi(argv[3]) : 0;

	find_device();
	if (!strcmp(name, "info"))
		info();
	else if (!strcmp(name, "echo"))
		echo(a, b);
	else if (!strcmp(name, "drain"))
		drain(a);
	else if (!strcmp(name, "drain_any"))
		drain_any();
	else if (!strcmp(name, "batch"))
		batch();
	else if (!strcmp(name, "pieces"))
		pieces();
	else if (!strcmp(name, "small"))
		small();
	else if (!strcmp(name, "full"))
		full();
	else if (!strcmp(name, "leave"))
		leave(a, b);
	else if (!strcmp(name, "no_wait"))
		no_wait();
	else if (!strcmp(name, "mirror"))
		mirror(a);
	else if (!strcmp(name, "pong"))
		pong(a);
	else if (!strcmp(name, "udp"))
		udp(argv[2], b);
	else if (!strcmp(name, "wrong"))
		wrong(argv[2]);
	else
		return 2;
	return 0;
}
