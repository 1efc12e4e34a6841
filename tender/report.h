/* SPDX-License-Identifier: ISC */
/* What the user reads when a guest did what it may not. */
#ifndef REPORT_H
#define REPORT_H

struct machine;
struct vcpu_exit;

/*
 * Print one report each: what happened and where, registers, and a backtrace
 * by frame pointers. The report of a trap also says what lies at the address.
 */
void report_trap(const struct machine *m, const struct vcpu_exit *exit);
void report_violation(const struct machine *m, const char *what);

#endif
