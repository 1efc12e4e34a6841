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
 * arguments, the first one on top, and the function. @result is returned.
 */
void __rt_trace_call(const uint64_t *frame);
long __rt_trace_result(const uint64_t *frame, long result);

#endif
