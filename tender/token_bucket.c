/* SPDX-License-Identifier: ISC */
#include "token_bucket.h"

#define NS_PER_S 1000000000ULL
#define BURST_NS (NS_PER_S / 10)

static uint64_t add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

uint64_t token_bucket_wait(const struct token_bucket *b, uint64_t now_ns)
{
	uint64_t soon = add(now_ns, BURST_NS);

	if (!b->bytes_per_s || b->paid_ns <= soon)
		return 0;
	return b->paid_ns - soon;
}

/* Rounded up, so that many small ones are no way around. */
static uint64_t price(const struct token_bucket *b, uint64_t bytes)
{
	uint64_t seconds = bytes / b->bytes_per_s;
	uint64_t rest = bytes % b->bytes_per_s;
	unsigned __int128 ns = (unsigned __int128)rest * NS_PER_S;
	uint64_t rest_ns =
		(uint64_t)((ns + b->bytes_per_s - 1) / b->bytes_per_s);

	if (seconds > UINT64_MAX / NS_PER_S)
		return UINT64_MAX;
	return add(seconds * NS_PER_S, rest_ns);
}

void token_bucket_take(struct token_bucket *b, uint64_t bytes, uint64_t now_ns)
{
	if (!b->bytes_per_s)
		return;
	/* What was not used before does not count. */
	if (b->paid_ns < now_ns)
		b->paid_ns = now_ns;
	b->paid_ns = add(b->paid_ns, price(b, bytes));
}

uint64_t token_bucket_piece(const struct token_bucket *b)
{
	uint64_t piece = b->bytes_per_s / (NS_PER_S / BURST_NS);

	if (!b->bytes_per_s)
		return UINT64_MAX;
	return piece ? piece : 1;
}
