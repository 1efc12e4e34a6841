/* SPDX-License-Identifier: ISC */
/* lwIP's timers, in place of its timeouts.c. */
#ifndef RT_NET_TIMER_H
#define RT_NET_TIMER_H

#include <stdint.h>

/* Runs what is due; when to come again, RT_NEVER: when something happens. */
uint64_t net_timers_run(void);

#endif
