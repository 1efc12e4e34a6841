/* SPDX-License-Identifier: ISC */
/* Records of system calls, for a tender that asked for them. */
#ifndef RT_TRACE_H
#define RT_TRACE_H

#include <stdint.h>

struct bp_trace;

/* What it asked for; NULL: nothing. */
extern const struct bp_trace *__rt_trace;

/*
 * Of enter_x86_64.S, before and behind a call that is traced, within its
 * section: so nobody else writes records meanwhile. Below @frame are the
 * arguments, the first one on top, and the function. @kind: enum bp_trace_kind.
 * @value is the function or its result, and returned.
 */
long __rt_trace_record(const uint64_t *frame, unsigned kind, long value);

#endif
