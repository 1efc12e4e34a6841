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
			CHECK(hypercall_wait(PATIENT, bit) == bit);
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
			CHECK(hypercall_wait(PATIENT, bit) == bit);
	}
	/* It stays so, and nobody waits for it. */
	CHECK(hypercall_wait(PATIENT, bit) == bit);
	fill_out(1, 0, 60);
	CHECK(io(1, 1) == -BP_CLOSED);
	printf("received %u, then closed\n", received);
}

/* One call for 64 frames there, and one for 64 back. */
static void batch(void)
{
	int64_t done;

	fill_out(64, 0, 60);
	empty_in(64);
	CHECK(BP_NET_SENT(io(64, 0)) == 64);
	/* The other end answers when it has all 64. */
	CHECK(hypercall_wait(PATIENT, bit) == bit);
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
	CHECK(hypercall_wait(PATIENT, bit) == bit);
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
		CHECK(hypercall_wait(PATIENT, bit) == bit);
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
	else if (!strcmp(name, "wrong"))
		wrong(argv[2]);
	else
		return 2;
	return 0;
}
