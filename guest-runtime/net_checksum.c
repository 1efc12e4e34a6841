/* SPDX-License-Identifier: ISC */
#include "net_checksum.h"

#include <string.h>

static int wanted;

void net_checksum_wanted(void)
{
	wanted = 1;
}

static uint64_t add(uint64_t sum, uint64_t word)
{
	uint64_t result;

	return __builtin_add_overflow(sum, word, &result) ? result + 1 : result;
}

static uint64_t load(const unsigned char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

uint16_t net_checksum(const void *data, int bytes)
{
	const unsigned char *p = data;
	uint64_t sum = 0, other = 0, word = 0;
	int left = bytes;

	/* Two sums, as one would wait for its own carry. */
	for (; left >= 16; left -= 16, p += 16) {
		sum = add(sum, load(p));
		other = add(other, load(p + 8));
	}
	sum = add(sum, other);
	if (left >= 8) {
		sum = add(sum, load(p));
		left -= 8;
		p += 8;
	}
	memcpy(&word, p, (size_t)left);
	sum = add(sum, word);
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT16_MAX) + (sum >> 16 & UINT16_MAX) + (sum >> 32);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)sum;
}

/*
 * Two passes, the second over what the first left in the CPU's cache: quicker
 * than copying word by word, as memcpy() moves more at a time.
 */
uint16_t net_checksum_copy(void *to, const void *from, uint16_t bytes)
{
	const uint16_t step = 4096; /* even */
	uint64_t sum = 0;
	uint16_t done = 0, part;

	if (!wanted) {
		memcpy(to, from, bytes);
		return 0;
	}
	for (; done < bytes; done = (uint16_t)(done + part)) {
		part = bytes - done < step ? (uint16_t)(bytes - done) : step;
		memcpy((char *)to + done, (const char *)from + done, part);
		sum += net_checksum((char *)to + done, part);
	}
	while (sum >> 16)
		sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)sum;
}
