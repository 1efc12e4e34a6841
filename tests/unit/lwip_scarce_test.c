/* SPDX-License-Identifier: ISC */
/* The same as lwip_hostile_test, where memory is nearly always used up. */
#define HEAP_BYTES (400ul << 10)

#include "lwip_hostile_test.c" /* NOLINT(bugprone-suspicious-include) */
