/* SPDX-License-Identifier: ISC */
/* Frames on a stream: what a peer may write, in whatever parts it comes. */
#include "net_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device_net.h"
#include "net_backend.h"
#include "tap.h"

#define MAX    BP_FRAME_MAX_BYTES
#define FRAMES 2000u

static uint8_t big[4 + MAX + 100];

static void test_lengths(void)
{
	static const struct {
		uint32_t length;
		size_t there; /* bytes behind the length */
		int result;
	} rows[] = {
		{0, 0, -EPROTO},
		{0, 100, -EPROTO},
		{1, 100, -EPROTO},
		{13, 13, -EPROTO},
		{14, 0, 0},
		{14, 13, 0},
		{14, 14, 1},
		{14, 15, 1},
		{60, 59, 0},
		{60, 60, 1},
		{1514, 1514, 1},
		{65536, 65535, 0},
		{65536, 65536, 1},
		{MAX, MAX - 1, 0},
		{MAX, MAX, 1},
		{MAX + 1, 0, -EPROTO},
		{MAX + 1, MAX + 1, -EPROTO},
		{1u << 24, 100, -EPROTO},
		{0x7fffffff, 100, -EPROTO},
		{1u << 31, 100, -EPROTO},
		{UINT32_MAX, 100, -EPROTO},
		{UINT32_MAX - 3, 100, -EPROTO},
	};

	for (unsigned i = 0; i < COUNT_OF(rows); i++) {
		uint32_t n = rows[i].length, got = 77;
		/* Exactly so many bytes, for the sanitizer to watch over. */
		uint8_t *data = malloc(4 + rows[i].there);
		int result;

		data[0] = (uint8_t)(n >> 24);
		data[1] = (uint8_t)(n >> 16);
		data[2] = (uint8_t)(n >> 8);
		data[3] = (uint8_t)n;
		memset(data + 4, 0xee, rows[i].there);
		result = net_stream_next(data, 4 + rows[i].there, &got);
		EXPECT(result == rows[i].result, "%u bytes with %zu there: %d",
		       n, rows[i].there, result);
		EXPECT(got == (result == 1 ? n : 77), "length %u, not %u", got,
		       n);
		for (size_t cut = 0; cut < 4; cut++)
			EXPECT(net_stream_next(data, cut, &got) == 0,
			       "%zu bytes of a length are judged", cut);
		free(data);
	}
	promise("a length from 14 to 65550 is a frame, once it is there");
}

/* A device on one end of a pair of sockets; the other end. */
static int attach(struct net_dev *dev)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		exit(1);
	*dev = (struct net_dev){
		.backend = &net_unix_backend, .name = "test", .fd = pair[0]};
	if (net_stream_attach(dev))
		exit(1);
	return pair[1];
}

static void detach(struct net_dev *dev, int peer)
{
	net_dev_close(dev);
	close(peer);
}

/* Frame @number of any test. */
static uint32_t make(uint8_t *to, unsigned number)
{
	uint64_t seed = number;
	uint32_t bytes = 14 + (uint32_t)(random_next(&seed) %
					 (number % 3 ? 1501 : MAX - 13));

	for (uint32_t i = 0; i < bytes; i++)
		to[i] = (uint8_t)(number + i * 7);
	return bytes;
}

struct feed {
	int fd;
	uint8_t *bytes;
	size_t count;
};

/* Writes it all, in parts that follow no rule. */
static void *feed(void *arg)
{
	const struct feed *f = arg;
	uint64_t seed = 5;
	size_t at = 0;

	while (at < f->count) {
		uint64_t r = random_next(&seed);
		size_t part = r % 4 ? 1 + (r >> 8) % 40 : (r >> 8) % 200000;
		ssize_t n;

		if (part > f->count - at)
			part = f->count - at;
		n = write(f->fd, f->bytes + at, part);
		if (n < 0)
			_exit(1);
		at += (size_t)n;
	}
	return NULL;
}

/* One frame, in pieces that follow no rule. */
static int receive_one(struct net_dev *dev, uint8_t *to, uint64_t *seed)
{
	size_t first = random_next(seed) % 100;
	struct iovec iov[3] = {
		{to, first}, {to + first, 0}, {to + first, MAX - first}};
	struct net_frame in = {iov, 3, MAX};
	unsigned sent, received = 0;

	while (!received)
		if (net_dev_exchange(dev, NULL, 0, &sent, &in, 1, &received))
			return -1;
	return (int)in.bytes;
}

static void test_parts(void)
{
	static uint8_t wanted[MAX], got[MAX];
	struct feed f = {.bytes = malloc((size_t)FRAMES * (MAX + 4))};
	uint64_t seed = 1;
	pthread_t thread;
	struct net_dev dev;

	for (unsigned i = 0; i < FRAMES; i++) {
		uint32_t n = make(f.bytes + f.count + 4, i);

		f.bytes[f.count] = 0;
		f.bytes[f.count + 1] = (uint8_t)(n >> 16);
		f.bytes[f.count + 2] = (uint8_t)(n >> 8);
		f.bytes[f.count + 3] = (uint8_t)n;
		f.count += 4 + n;
	}
	f.fd = attach(&dev);
	if (pthread_create(&thread, NULL, feed, &f))
		exit(1);
	for (unsigned i = 0; i < FRAMES; i++) {
		uint32_t bytes = make(wanted, i);
		int n = receive_one(&dev, got, &seed);

		EXPECT(n == (int)bytes && !memcmp(got, wanted, bytes),
		       "frame %u has %d bytes, not %u", i, n, bytes);
	}
	pthread_join(thread, NULL);
	EXPECT(!net_stream_has_frame(&dev), "one frame too many");
	detach(&dev, f.fd);
	free(f.bytes);
	promise("frames arrive whole and in order, in whatever parts they "
		"come");
}

/* What is written is what was sent, however little the socket takes at once. */
static void test_sending(void)
{
	static uint8_t out[8][MAX], wanted[MAX], got[4 + MAX];
	unsigned next = 0, checked = 0, stuck = 0;
	int small = 4096, peer;
	struct net_dev dev;

	peer = attach(&dev);
	setsockopt(dev.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	while (checked < FRAMES) {
		struct net_frame frame[8];
		struct iovec iov[8];
		unsigned sent = 0, received;
		uint32_t bytes, at = 0;

		for (unsigned i = 0; i < 8; i++) {
			iov[i].iov_base = out[i];
			iov[i].iov_len = make(out[i], next + i);
			frame[i] = (struct net_frame){&iov[i], 1,
						      (uint32_t)iov[i].iov_len};
		}
		if (net_dev_exchange(&dev, frame, 8, &sent, NULL, 0, &received))
			break;
		/* They are the guest's again. */
		memset(out, 0, sizeof(out));
		next += sent;
		stuck += sent < 8;
		if (checked == next) {
			EXPECT(net_stream_pay(&dev) == 0, "cannot pay");
			continue;
		}
		bytes = make(wanted, checked);
		while (at < 4 + bytes) {
			ssize_t n = recv(peer, got + at, 4 + bytes - at,
					 MSG_DONTWAIT);

			if (n > 0)
				at += (uint32_t)n;
			else if (net_stream_pay(&dev) < 0)
				break;
		}
		EXPECT(got[0] == 0 && got[1] == bytes >> 16 &&
			       got[2] == (uint8_t)(bytes >> 8) &&
			       got[3] == (uint8_t)bytes &&
			       !memcmp(got + 4, wanted, bytes),
		       "frame %u", checked);
		checked++;
	}
	EXPECT(checked == FRAMES && stuck > 100, "%u frames, %u times stuck",
	       checked, stuck);
	detach(&dev, peer);
	promise("frames leave whole and in order, however little is taken");
}

/* Runs @bytes through a device; frames before the end, which must come. */
static unsigned run(const uint8_t *bytes, size_t count)
{
	unsigned frames = 0;
	uint64_t seed = 3;
	struct net_dev dev;
	int peer = attach(&dev);

	if (write(peer, bytes, count) != (ssize_t)count)
		exit(1);
	close(peer);
	while (receive_one(&dev, big, &seed) >= 14)
		frames++;
	EXPECT(dev.closed, "not closed after %u frames", frames);
	net_dev_close(&dev);
	return frames;
}

static void test_garbage(void)
{
	static uint8_t bytes[3000];
	unsigned frames = 0;

	for (uint64_t seed = 0; seed < 20000; seed++) {
		uint64_t s = seed;
		size_t at = 0;

		/* A few good frames, and then something is changed. */
		memset(bytes, 0, sizeof(bytes));
		while (at < sizeof(bytes) - 600) {
			uint32_t n = 14 + (uint32_t)(random_next(&s) % 500);

			bytes[at + 2] = (uint8_t)(n >> 8);
			bytes[at + 3] = (uint8_t)n;
			at += 4 + n;
		}
		for (unsigned i = 0; i < 1 + seed % 4; i++)
			bytes[random_next(&s) % (i ? at : 8)] =
				(uint8_t)random_next(&s);
		frames += run(bytes, at - random_next(&s) % 20);
	}
	EXPECT(frames > 1000, "only %u frames", frames);
	promise("20,000 broken streams end the device and nothing else");
}

static void test_cut(void)
{
	static const uint8_t stream[] = {0, 0, 0, 14, 1, 2, 3, 4, 5,
					 6, 7, 8, 9,  1, 2, 3, 4, 5,
					 0, 0, 0, 14, 1, 2, 3};

	for (size_t n = 0; n <= sizeof(stream); n++)
		EXPECT(run(stream, n) == (n >= 18), "cut at %zu", n);
	promise("a stream that is cut anywhere gives the frames before that");
}

int main(void)
{
	int null;

	tap_file = fdopen(dup(STDOUT_FILENO), "w");
	null = open("/dev/null", O_WRONLY);
	if (!tap_file || null < 0)
		return 1;
	dup2(null, STDERR_FILENO);
	alarm(120); /* bytes that got lost are waited for */
	test_lengths();
	test_parts();
	test_sending();
	test_cut();
	test_garbage();
	return promises_end();
}
