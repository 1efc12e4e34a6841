/* SPDX-License-Identifier: ISC */
/* So many bytes a second, in the long run. Time is given from outside. */
#ifndef TOKEN_BUCKET_H
#define TOKEN_BUCKET_H

#include <stdint.h>

/* All zero is no limit. */
struct token_bucket {
	uint64_t bytes_per_s; /* 0: no limit */
	uint64_t paid_ns;     /* when all that was taken is paid for */
};

/*
 * Nanoseconds from @now_ns until something may pass. Whatever passes then may
 * be of any size: it is paid for afterwards, so that none is too large to pass.
 */
uint64_t token_bucket_wait(const struct token_bucket *b, uint64_t now_ns);

/* @bytes have passed. */
void token_bucket_take(struct token_bucket *b, uint64_t bytes, uint64_t now_ns);

/* The most that should pass at once, 1 or more: a tenth of a second's worth. */
uint64_t token_bucket_piece(const struct token_bucket *b);

#endif
