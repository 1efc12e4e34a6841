/* SPDX-License-Identifier: ISC */
/* The debug registers DR0 to DR3 and DR7 (Intel SDM volume 3, 18.2). */
#ifndef DEBUG_REGS_X86_64_H
#define DEBUG_REGS_X86_64_H

#include <stdint.h>

struct vcpu_watch;

/* DR7 for the first @count (at most four) of @watch, each in its register. */
uint64_t debug_regs_control(const struct vcpu_watch *watch, unsigned count);

/* Bits of DR6: which of the four it was. */
#define DEBUG_REGS_HITS 0xfu

#endif
