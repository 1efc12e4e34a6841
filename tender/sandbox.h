/* SPDX-License-Identifier: ISC */
/* What the tender gives up before the first instruction of the guest. */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>

struct machine;

enum sandbox_choice {
	SANDBOX_ON,	/* as much as this host allows */
	SANDBOX_STRICT, /* all of it, and a network namespace, or no guest */
	SANDBOX_OFF,
};

/* Whether the guest's process is to have other ids than a tender of root. */
bool sandbox_drops_ids(enum sandbox_choice choice);

/*
 * Enters the sandbox, for good. Everything is open, the vCPU is prepared, and
 * its time limit is armed. 0, or -errno after printing why.
 */
int sandbox_enter(const struct machine *m, enum sandbox_choice choice);

#endif
