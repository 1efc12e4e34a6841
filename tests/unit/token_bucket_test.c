/* SPDX-License-Identifier: ISC */
/* Token buckets: what passes in any stretch of time, and the edges of 64 bit.
 */
#include "token_bucket.h"

#include "tap.h"

#define S	 1000000000ULL
#define BURST_NS (S / 10)
#define ROUNDS	 200000u

/* Takes as soon as may be, and sees how much that is by then. */
static void test_rate(void)
{
	static const uint64_t rates[] = {1,	7,	    1000,
					 65536, 1ULL << 30, 1ULL << 50};
	uint64_t seed = 5;

	for (unsigned r = 0; r < COUNT_OF(rates); r++) {
		struct token_bucket b = {.bytes_per_s = rates[r]};
		uint64_t start = random_next(&seed) % (1000 * S), now = start;
		unsigned __int128 passed = 0, may;
		uint64_t last = 0;

		for (unsigned i = 0; i < ROUNDS; i++) {
			uint64_t wait;

			if (i % 64 == 0)
				now += random_next(&seed) % S;
			wait = token_bucket_wait(&b, now);
			EXPECT(wait == 0 || token_bucket_wait(
						    &b, now + wait - 1) == 1,
			       "it waits too long");
			now += wait;
			EXPECT(token_bucket_wait(&b, now) == 0,
			       "it waits twice");
			may = (unsigned __int128)(now - start + BURST_NS) *
			      rates[r] / S;
			EXPECT(passed <= may + last, "rate %llu: too much",
			       (unsigned long long)rates[r]);
			last = 1 + random_next(&seed) %
					   (token_bucket_piece(&b) + 10);
			token_bucket_take(&b, last, now);
			passed += last;
		}
	}
	promise("no more passes than the rate and a tenth of a second allow");
}

static void test_use(void)
{
	struct token_bucket b = {.bytes_per_s = 1000};

	for (uint64_t now = 0; now < 100 * S; now += S / 10) {
		EXPECT(!token_bucket_wait(&b, now), "it waits at %llu",
		       (unsigned long long)now);
		token_bucket_take(&b, 100, now);
	}
	promise("what keeps to the rate never waits");
}

static void test_idle(void)
{
	struct token_bucket b = {.bytes_per_s = 1000};

	token_bucket_take(&b, 100, 50 * S);
	EXPECT(!token_bucket_wait(&b, 50 * S), "no burst");
	token_bucket_take(&b, 100, 50 * S);
	EXPECT(token_bucket_wait(&b, 50 * S) == BURST_NS, "saved up");
	promise("time that was not used is lost, but for a tenth of a second");
}

static void test_edges(void)
{
	static const uint64_t edges[] = {0,	     1,		 S - 1, S,
					 1ULL << 32, 1ULL << 63, -2ULL, -1ULL};

	for (unsigned r = 0; r < COUNT_OF(edges); r++)
		for (unsigned n = 0; n < COUNT_OF(edges); n++)
			for (unsigned t = 0; t < COUNT_OF(edges); t++) {
				struct token_bucket b = {edges[r], 0};
				uint64_t before = edges[t];

				token_bucket_take(&b, edges[n], before);
				token_bucket_take(&b, edges[n], before);
				EXPECT(!edges[r] || b.paid_ns >= before,
				       "the past is not paid for");
				EXPECT(edges[r] || !token_bucket_wait(&b, 0),
				       "no limit waits");
				EXPECT(token_bucket_piece(&b) > 0, "no piece");
			}
	promise("no number of bytes, rate or time makes it overflow");
}

int main(void)
{
	test_rate();
	test_use();
	test_idle();
	test_edges();
	return promises_end();
}
