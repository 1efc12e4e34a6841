/* SPDX-License-Identifier: ISC */
/*
 * Signals that ask the tender for something besides running the guest. They
 * stop the guest for a moment; the run loop then looks what is wanted.
 */
#ifndef ATTENTION_H
#define ATTENTION_H

#include <signal.h>
#include <stdbool.h>

struct vcpu;

enum attention {
	ATTENTION_DEBUGGER = 1, /* something came from the debugger */
	ATTENTION_CORE = 2,	/* a core dump is wanted */
	ATTENTION_STATS = 4,	/* it is time to print statistics */
	ATTENTION_SAMPLE = 8,	/* it is time for a sample of the profile */
};

/*
 * From now on @signal stands for @what, and makes @vcpu's ->run return. 0 or
 * -errno. There is one vCPU in all.
 */
int attention_on(struct vcpu *vcpu, int signal, enum attention what);

/* All that was asked since the last call; cheap when nothing was. */
unsigned attention_take(void);

/* Whether there is something to take. */
bool attention_pending(void);

/* Adds the signals to @set; false if there are none. */
bool attention_signals(sigset_t *set);

#endif
