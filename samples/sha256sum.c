/* SPDX-License-Identifier: ISC */
/*
 * Reads a whole raw disk and prints its SHA-256 digest (FIPS 180-4), and how
 * many bytes, lines and words it holds. A disk is padded with zeros to whole
 * blocks; these belong to the digest, but are no words.
 *
 *	tender --disk=data.img sha256sum.hvt [DISK]
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES (1 << 20)
#define BLOCK_BYTES 64

struct sha256 {
	uint32_t state[8];
	uint64_t bytes;
	uint8_t held[BLOCK_BYTES];
};

struct counts {
	uint64_t bytes, lines, words;
	int in_word;
};

/* FIPS 180-4, 4.2.2 */
static const uint32_t k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t ror(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

/* FIPS 180-4, 6.2.2 */
static void sha256_block(uint32_t state[8], const uint8_t *p)
{
	uint32_t w[64], v[8];

	for (unsigned i = 0; i < 16; i++, p += 4)
		w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		       (uint32_t)p[2] << 8 | p[3];
	for (unsigned i = 16; i < 64; i++) {
		uint32_t a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + w[i - 7] +
		       (ror(a, 7) ^ ror(a, 18) ^ a >> 3) +
		       (ror(b, 17) ^ ror(b, 19) ^ b >> 10);
	}
	memcpy(v, state, sizeof(v));
	/* The eight variables take turns: round i calls v[(x - i) % 8] x. */
	for (unsigned i = 0; i < 64; i++) {
#define V(x) v[((x)-i) & 7]
		uint32_t a = V(0), e = V(4);
		uint32_t t1 = V(7) + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) +
			      ((e & V(5)) ^ (~e & V(6))) + k[i] + w[i];
		uint32_t t2 = (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) +
			      ((a & V(1)) ^ (a & V(2)) ^ (V(1) & V(2)));

		V(3) += t1;
		V(7) = t1 + t2;
#undef V
	}
	for (unsigned i = 0; i < 8; i++)
		state[i] += v[i];
}

static void sha256_init(struct sha256 *s)
{
	static const uint32_t initial[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};

	memcpy(s->state, initial, sizeof(initial));
	s->bytes = 0;
}

static void sha256_add(struct sha256 *s, const uint8_t *data, size_t bytes)
{
	size_t held = s->bytes % BLOCK_BYTES;

	s->bytes += bytes;
	while (bytes) {
		size_t n = BLOCK_BYTES - held;

		if (n > bytes)
			n = bytes;
		if (n == BLOCK_BYTES) {
			sha256_block(s->state, data);
		} else {
			memcpy(s->held + held, data, n);
			held += n;
			if (held == BLOCK_BYTES) {
				sha256_block(s->state, s->held);
				held = 0;
			}
		}
		data += n;
		bytes -= n;
	}
}

static void sha256_finish(struct sha256 *s, uint8_t digest[32])
{
	static const uint8_t padding[BLOCK_BYTES] = {0x80};
	uint64_t bits = s->bytes * 8;
	size_t held = s->bytes % BLOCK_BYTES;
	uint8_t length[8];

	sha256_add(s, padding, (held < 56 ? 56 : 120) - held);
	for (unsigned i = 0; i < 8; i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	sha256_add(s, length, sizeof(length));
	for (unsigned i = 0; i < 32; i++)
		digest[i] = (uint8_t)(s->state[i / 4] >> (24 - 8 * (i % 4)));
}

static void count(struct counts *c, const uint8_t *data, size_t bytes)
{
	c->bytes += bytes;
	for (size_t i = 0; i < bytes; i++) {
		int space = isspace(data[i]) || data[i] == 0;

		c->lines += data[i] == '\n';
		c->words += !space && !c->in_word;
		c->in_word = !space;
	}
}

int main(int argc, char **argv)
{
	static uint8_t chunk[CHUNK_BYTES];
	struct counts counts = {0};
	struct sha256 sha;
	uint8_t digest[32];
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/dev/%s", argc > 1 ? argv[1] : "disk0");
	fd = open(path, O_RDONLY);
	if (fd < 0) {
		fprintf(stderr, "%s: %s; attach one with --disk=PATH\n", path,
			strerror(errno));
		return 1;
	}
	sha256_init(&sha);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		sha256_add(&sha, chunk, (size_t)n);
		count(&counts, chunk, (size_t)n);
	}
	if (n < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	close(fd);
	sha256_finish(&sha, digest);
	for (unsigned i = 0; i < sizeof(digest); i++)
		printf("%02x", digest[i]);
	printf("  %s\n%llu bytes, %llu lines, %llu words\n", path,
	       (unsigned long long)counts.bytes,
	       (unsigned long long)counts.lines,
	       (unsigned long long)counts.words);
	return 0;
}
