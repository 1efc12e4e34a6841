/* SPDX-License-Identifier: ISC */
/* The last hypercalls, for reports. */
#ifndef CALL_LOG_H
#define CALL_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "vcpu.h"

#define CALL_LOG_ENTRIES 8

struct call_record {
	unsigned number;
	uint64_t arg[VCPU_CALL_ARGS];
	int64_t result;
};

struct call_log {
	uint64_t count; /* ever */
	struct call_record last[CALL_LOG_ENTRIES];
};

void call_log_add(struct call_log *log, const struct vcpu_exit *exit,
		  int64_t result);

/* The record that is @age calls old, 0 the last one; NULL if there is none. */
const struct call_record *call_log_get(const struct call_log *log,
				       unsigned age);

/* "block_io(0, 1, 4096, 0x3ffd00, 2) = 0", cut off to fit. */
void call_format(const struct call_record *r, char *text, size_t bytes);

/* The name of a hypercall, or "?" . */
const char *call_name(unsigned number);

#endif
