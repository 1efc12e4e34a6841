/* SPDX-License-Identifier: ISC */
/*
 * All that looks into a running guest: debugger, statistics, traces. The run
 * loop calls these at each of its steps; where nothing was asked for there is
 * no struct inspect, and nothing of it costs anything.
 */
#ifndef INSPECT_H
#define INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bp_trace;
struct call_result;
struct inspect;
struct inspect_options;
struct machine;
struct vcpu_exit;

/* What a sealed tender still needs for it; -1: nothing. */
struct inspect_files {
	int debugger;
	int debug_listen;
	int core_alive;
	int core_said;
	unsigned report_count;
	int report[8];
};

void inspect_files(const struct machine *m, struct inspect_files *files);

enum inspect_verdict {
	INSPECT_ALONE,	/* nobody minds: as without us */
	INSPECT_GO_ON,	/* it was ours, and the guest runs on */
	INSPECT_KILLED, /* the guest shall end at once */
	INSPECT_FAILED, /* the tender has failed; printed why */
};

/*
 * Sets @m->inspect, if there is anything to do, before there is a vCPU. False
 * after printing what is wrong.
 */
bool inspect_prepare(struct machine *m, const struct inspect_options *options);

/* What boot info is to say of a trace, *@bytes of it; NULL: nothing. */
const struct bp_trace *inspect_wanted(const struct machine *m, uint32_t *bytes);

/* Adds regions behind boot info, which ends at @end_gpa. 0 or -errno. */
int inspect_reserve(struct machine *m, uint64_t end_gpa);

/* The vCPU is there, and has not run yet. Likewise. */
bool inspect_open(struct machine *m, const struct inspect_options *options);

/* Before the guest runs. */
enum inspect_verdict inspect_before_run(struct machine *m);

/* After it has. */
enum inspect_verdict inspect_after_run(struct machine *m,
				       const struct vcpu_exit *exit);

/* After a hypercall was served, or was found to be a violation. */
void inspect_after_call(struct machine *m, const struct vcpu_exit *exit,
			const struct call_result *result);
enum inspect_verdict inspect_violation(struct machine *m);

/* It ends by @signal, and its vCPU is as it was then. */
void inspect_died(struct machine *m, int signal);

/* The guest has ended with this exit status of the tender's. */
void inspect_close(struct machine *m, int status);

/* The statistics so far, for a person. */
void inspect_stats_text(const struct machine *m, char *text, size_t bytes);

#endif
