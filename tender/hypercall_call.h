/* SPDX-License-Identifier: ISC */
/* What the handlers of hypercalls share; not for others. */
#ifndef HYPERCALL_CALL_H
#define HYPERCALL_CALL_H

#include <stdint.h>

#include "hypercall.h"
#include "hypercall_dispatch.h"

/* One call being served: arguments in, value out. */
struct call {
	struct machine *m;
	const uint64_t *arg;
	int64_t value; /* for RAX */
	struct call_result *result;
};

/* The outcomes of a call, with what belongs to them. */
enum call_outcome call_done(struct call *c, int64_t value);
enum call_outcome call_refused(struct call *c, enum bp_status status);
enum call_outcome call_violation(struct call *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The guest itself could not access these @bytes at @gpa. */
enum call_outcome call_bad_range(struct call *c, const char *what, uint64_t gpa,
				 uint64_t bytes);

enum call_outcome call_net_io(struct call *c);

#endif
