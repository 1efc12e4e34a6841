/* SPDX-License-Identifier: ISC */
/* --limit: how much of a device a guest may use in a second. */
#ifndef LIMIT_H
#define LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "boot_info.h"
#include "token_bucket.h"

struct machine;
struct options;

#define LIMITS_MAX (BP_MAX_DEVICES + 1)

struct limit_option {
	char name[BP_DEVICE_NAME_BYTES]; /* of a device, or "console" */
	uint64_t bytes_per_s;
};

/* Reads the value of --limit into @o; prints what is wrong. */
bool options_add_limits(struct options *o, const char *arg);

/* Gives the machine's devices their limits. False when one is not there. */
bool limits_apply(struct machine *m, const struct options *o);

/*
 * Waits until the limit lets something pass. False when the time limit of the
 * guest has come before.
 */
bool limit_wait(const struct token_bucket *b);

/* @bytes have passed. */
void limit_take(struct token_bucket *b, uint64_t bytes);

#endif
