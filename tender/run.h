/* SPDX-License-Identifier: ISC */
/* From the first instruction of the guest to its end. */
#ifndef RUN_H
#define RUN_H

struct machine;

/* The exit statuses of the tender, but for the guest's own. */
enum {
	STATUS_TIMEOUT = 124,
	STATUS_TENDER_FAILED = 125,
	STATUS_NOT_AN_IMAGE = 126,
	STATUS_NO_IMAGE = 127,
	STATUS_SIGNAL = 128,
};

/* Runs the guest to its end; the exit status of the tender. */
int run_guest(struct machine *m);

#endif
