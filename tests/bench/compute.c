/* SPDX-License-Identifier: ISC */
/*
 * A second of work that needs nothing but the CPU: sorting (branches and
 * memory), SHA-256 (integers, FIPS 180-4), planets and a matrix product
 * (floating point). No operation depends on the machine, so the digest is the
 * same wherever it runs. All memory is touched before the clock starts: what
 * fresh memory costs is for touch.c.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define SORT_COUNT 500000u
#define SHA_BYTES  (1u << 20)
#define SHA_ROUNDS 60
#define BODIES	   5
#define BODY_STEPS 3000000
#define MATRIX	   768

/* One object, so that its parts lie alike wherever it is linked. */
static struct {
	_Alignas(4096) uint32_t numbers[SORT_COUNT];
	_Alignas(4096) uint8_t message[SHA_BYTES];
	_Alignas(4096) double left[MATRIX][MATRIX];
	_Alignas(4096) double right[MATRIX][MATRIX];
	_Alignas(4096) double product[MATRIX][MATRIX];
} data;

static uint32_t random32(uint64_t *state)
{
	*state = *state * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)(*state >> 32);
}

static uint64_t mix_double(uint64_t digest, double value)
{
	uint64_t word;

	memcpy(&word, &value, sizeof(word));
	return bench_mix(digest, word);
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static uint64_t sort(uint64_t digest)
{
	qsort(data.numbers, SORT_COUNT, sizeof(data.numbers[0]), compare);
	for (size_t i = 0; i < SORT_COUNT; i++)
		digest = bench_mix(digest, data.numbers[i]);
	return digest;
}

/* FIPS 180-4, 4.2.2: from the cube roots of the first 64 primes. */
static void sha256_constants(uint32_t k[64])
{
	unsigned n = 0;

	for (unsigned p = 2; n < 64; p++) {
		unsigned d = 2;

		while (d * d <= p && p % d)
			d++;
		if (d * d > p) {
			double root = cbrt(p);

			k[n++] = (uint32_t)((root - floor(root)) * 0x1p32);
		}
	}
}

static uint32_t ror(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

/* FIPS 180-4, 6.2.2 */
static void sha256_block(uint32_t state[8], const uint32_t k[64],
			 const uint8_t *p)
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
	for (unsigned i = 0; i < 64; i++) {
		/* a to h are v[-i] and so on: they move up by one each time. */
		uint32_t *a = &v[-i % 8], *b = &v[(1 - i) % 8];
		uint32_t *c = &v[(2 - i) % 8], *d = &v[(3 - i) % 8];
		uint32_t *e = &v[(4 - i) % 8], *f = &v[(5 - i) % 8];
		uint32_t *g = &v[(6 - i) % 8], *h = &v[(7 - i) % 8];
		uint32_t t1 = *h + (ror(*e, 6) ^ ror(*e, 11) ^ ror(*e, 25)) +
			      ((*e & *f) ^ (~*e & *g)) + k[i] + w[i];
		uint32_t t2 = (ror(*a, 2) ^ ror(*a, 13) ^ ror(*a, 22)) +
			      ((*a & *b) ^ (*a & *c) ^ (*b & *c));

		*d += t1;
		*h = t1 + t2;
	}
	for (unsigned i = 0; i < 8; i++)
		state[i] += v[i];
}

/* The compression function alone: no padding. */
static uint64_t hash(uint64_t digest)
{
	uint32_t k[64], state[8] = {1, 2, 3, 4, 5, 6, 7, 8};

	sha256_constants(k);
	for (unsigned round = 0; round < SHA_ROUNDS; round++)
		for (size_t i = 0; i < SHA_BYTES; i += 64)
			sha256_block(state, k, data.message + i);
	for (unsigned i = 0; i < 8; i++)
		digest = bench_mix(digest, state[i]);
	return digest;
}

struct body {
	double at[3], speed[3], mass;
};

static void attract(struct body *a, struct body *b, double step)
{
	double d[3], square = 0.01, pull; /* never too near */

	for (unsigned i = 0; i < 3; i++) {
		d[i] = a->at[i] - b->at[i];
		square += d[i] * d[i];
	}
	pull = step / (square * sqrt(square));
	for (unsigned i = 0; i < 3; i++) {
		a->speed[i] -= d[i] * b->mass * pull;
		b->speed[i] += d[i] * a->mass * pull;
	}
}

static uint64_t planets(uint64_t digest)
{
	struct body body[BODIES];
	uint64_t state = 7;

	for (unsigned i = 0; i < BODIES; i++)
		for (unsigned j = 0; j < 3; j++) {
			body[i].at[j] = random32(&state) * 0x1p-28;
			body[i].speed[j] = random32(&state) * 0x1p-33;
			body[i].mass = 1.0 / (i + 1);
		}
	for (unsigned step = 0; step < BODY_STEPS; step++) {
		for (unsigned i = 0; i < BODIES; i++)
			for (unsigned j = i + 1; j < BODIES; j++)
				attract(&body[i], &body[j], 0.001);
		for (unsigned i = 0; i < BODIES; i++)
			for (unsigned j = 0; j < 3; j++)
				body[i].at[j] += 0.001 * body[i].speed[j];
	}
	for (unsigned i = 0; i < BODIES; i++)
		digest = mix_double(digest, body[i].at[0]);
	return digest;
}

static uint64_t multiply(uint64_t digest)
{
	for (unsigned i = 0; i < MATRIX; i++)
		for (unsigned k = 0; k < MATRIX; k++)
			for (unsigned j = 0; j < MATRIX; j++)
				data.product[i][j] +=
					data.left[i][k] * data.right[k][j];
	for (unsigned i = 0; i < MATRIX; i++)
		digest = mix_double(digest, data.product[i][MATRIX - 1 - i]);
	return digest;
}

static void fill(void)
{
	uint64_t state = 1;

	for (size_t i = 0; i < SORT_COUNT; i++)
		data.numbers[i] = random32(&state);
	for (size_t i = 0; i < SHA_BYTES; i++)
		data.message[i] = (uint8_t)random32(&state);
	for (unsigned i = 0; i < MATRIX; i++)
		for (unsigned j = 0; j < MATRIX; j++) {
			data.left[i][j] = random32(&state) * 0x1p-32;
			data.right[i][j] = random32(&state) * 0x1p-32;
			data.product[i][j] = 1;
		}
}

int main(void)
{
	static uint64_t (*const parts[])(uint64_t) = {sort, hash, planets,
						      multiply};
	uint64_t digest = 0, start;

	fill();
	start = bench_now_ns();
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		digest = parts[i](digest);
	bench_report(digest, bench_now_ns() - start, 1);
	return 0;
}
