/* SPDX-License-Identifier: ISC */
/* The system calls that are left to a sealed tender, and with what. */
#ifndef SANDBOX_RULES_H
#define SANDBOX_RULES_H

#include <stdint.h>

#include "boot_info.h"

struct call_filter;
struct machine;

#define OPERAND_VALUES (2 * BP_MAX_DEVICES + 3)

/* Values that differ from run to run; a constant set is in the table. */
enum sandbox_operand {
	/* Descriptors: what is in none of these gets closed. */
	FD_INPUT,
	FD_OUTPUT,
	FD_VCPU,
	FD_DISKS,
	FD_WRITABLE_DISKS,
	FD_SYMBOLS,
	FD_STREAM_NETS,
	FD_PACKET_NETS,
	FD_CAPTURE,
	FD_HELPERS, /* what they print */
	FD_CLOSED_LATER,
	FD_REPORTS,	 /* files of statistics, traces and the like */
	FD_DEBUGGER,	 /* its connection */
	FD_DEBUG_LISTEN, /* where it may come */
	FD_POLLED,	 /* and nothing else */
	OPERAND_FDS,
	/* Others. */
	PID_GUEST = OPERAND_FDS,
	PID_GUEST_OR_SELF, /* 0 is oneself */
	PID_TENDER,
	PID_HELPERS,
	ID_TIMERS,
	OPERAND_COUNT,
};

struct sandbox_operands {
	struct {
		unsigned count;
		uint64_t value[OPERAND_VALUES];
	} set[OPERAND_COUNT];
};

/* Gathers what the machine runs on. */
void sandbox_operands_of(struct sandbox_operands *o, const struct machine *m);

/* Writes all rules that can apply to these. */
void sandbox_rules_write(struct call_filter *f,
			 const struct sandbox_operands *o);

#endif
