/* SPDX-License-Identifier: ISC */
/* What passt is told. */
#ifndef PASST_ARGS_H
#define PASST_ARGS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "options_net.h"

/* passt's own on the wire to the guest. */
#define PASST_MAC_TEXT "02:00:00:00:00:02"

#define PASST_MAX_ARGS (48 + 2 * PUBLISH_MAX)

struct passt_args {
	unsigned count;
	char *arg[PASST_MAX_ARGS + 1]; /* NULL behind the last */
	size_t used;
	char text[PASST_MAX_ARGS * 80]; /* of those that are made here */
};

struct passt_plan {
	const struct bp_net *config; /* of the guest, with addresses */
	char interface[IFNAMSIZ];    /* of the host */
	bool ip6;
	bool forward_dns; /* from the guest's resolver to the host's */
	const struct publish_option *publish;
	unsigned publish_count;
};

/*
 * Chooses interface and ip6: an interface with a link-local address, without
 * which passt does no IPv6, or else loopback without it.
 */
void passt_plan_interface(struct passt_plan *plan);

/* Fills @args for @plan. */
void passt_args_make(struct passt_args *args, const struct passt_plan *plan);

#endif
