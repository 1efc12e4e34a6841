/* SPDX-License-Identifier: ISC */
/*
 * Numbers that a peer cannot guess: SipHash-2-4 (Aumasson, Bernstein, 2012)
 * under a key from boot info that nobody else uses.
 */
#include "net_random.h"

#include <lwip/ip_addr.h>
#include <string.h>

#include "runtime.h"

static uint64_t rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void rounds(uint64_t v[4], int count)
{
	while (count--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

/* Of whole words: their count takes the place of the length. */
static uint64_t hash(const uint64_t *word, unsigned count)
{
	uint64_t key[2], v[4];

	/* Others use bytes 0 to 7 and 16 to 23. */
	memcpy(&key[0], __rt_boot->random + 24, sizeof(key[0]));
	memcpy(&key[1], __rt_boot->random + 8, sizeof(key[1]));
	v[0] = key[0] ^ 0x736f6d6570736575;
	v[1] = key[1] ^ 0x646f72616e646f6d;
	v[2] = key[0] ^ 0x6c7967656e657261;
	v[3] = key[1] ^ 0x7465646279746573;
	for (unsigned i = 0; i <= count; i++) {
		uint64_t m = i < count ? word[i] : (uint64_t)count << 59;

		v[3] ^= m;
		rounds(v, 2);
		v[0] ^= m;
	}
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint32_t net_random(void)
{
	static uint64_t counter;
	uint64_t word = ++counter;

	return (uint32_t)hash(&word, 1);
}

/* RFC 6528: a clock, as quick as Linux's, and a secret function of the ends. */
uint32_t net_isn(const void *local, uint16_t local_port, const void *remote,
		 uint16_t remote_port)
{
	const ip_addr_t *const ends[] = {local, remote};
	uint64_t word[5] = {0};

	for (size_t i = 0; i < 2; i++) {
		if (IP_IS_V6(ends[i]))
			memcpy(&word[2 * i], ip_2_ip6(ends[i])->addr, 16);
		else
			word[2 * i] = ip_2_ip4(ends[i])->addr;
	}
	word[4] = (uint64_t)local_port << 16 | remote_port;
	return (uint32_t)(hash(word, 5) + __rt_monotonic_ns() / 64);
}
