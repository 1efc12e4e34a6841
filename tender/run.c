/* SPDX-License-Identifier: ISC */
#include "run.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "hypercall_dispatch.h"
#include "inspect.h"
#include "interrupt.h"
#include "log.h"
#include "machine.h"
#include "report.h"

static int timed_out(const struct machine *m)
{
	log_error("%s: time limit reached; raise it with --timeout",
		  m->image_name);
	return STATUS_TIMEOUT;
}

static int trapped(struct machine *m, const struct vcpu_exit *exit)
{
	report_trap(m, exit);
	if (m->inspect)
		inspect_died(m, exit->trap.signal);
	m->ended_by = exit->trap.signal;
	return STATUS_SIGNAL + exit->trap.signal;
}

static int violated(struct machine *m, const char *what)
{
	if (m->inspect && inspect_violation(m) == INSPECT_KILLED)
		return STATUS_SIGNAL + SIGKILL;
	report_violation(m, what);
	if (m->inspect)
		inspect_died(m, SIGSYS);
	m->ended_by = SIGSYS;
	return STATUS_SIGNAL + SIGSYS;
}

/* Whether the run goes on; sets *@status when it does not. */
static bool inspected(enum inspect_verdict verdict, int *status)
{
	*status = verdict == INSPECT_KILLED ? STATUS_SIGNAL + SIGKILL
					    : STATUS_TENDER_FAILED;
	return verdict != INSPECT_KILLED && verdict != INSPECT_FAILED;
}

/* Serves a hypercall. True when the guest goes on; else sets *@status. */
static bool serve(struct machine *m, const struct vcpu_exit *exit, int *status)
{
	struct call_result result;
	enum call_outcome outcome = hypercall_dispatch(m, exit, &result);

	if (m->inspect)
		inspect_after_call(m, exit, &result);
	switch (outcome) {
	case CALL_DONE:
	case CALL_STOPPED:
		return true;
	case CALL_EXIT:
		*status = result.exit_status;
		return false;
	case CALL_VIOLATION:
		*status = violated(m, result.what);
		return false;
	default:
		*status = STATUS_TENDER_FAILED;
		return false;
	}
}

/* True when the guest goes on from a trap; else sets *@status. */
static bool survived(struct machine *m, const struct vcpu_exit *exit,
		     int *status)
{
	int err = upcall_trap(m, exit);

	if (err > 0)
		return true;
	*status = err < 0 ? STATUS_TENDER_FAILED : trapped(m, exit);
	return false;
}

int run_guest(struct machine *m)
{
	struct vcpu_exit exit;
	int status;

	for (;;) {
		enum inspect_verdict verdict = INSPECT_ALONE;

		if (m->inspect && !inspected(inspect_before_run(m), &status))
			return status;
		if (interrupt_pending())
			return timed_out(m);
		if (m->vcpu->ops->run(m->vcpu, &exit) < 0)
			return STATUS_TENDER_FAILED;
		if (m->inspect) {
			verdict = inspect_after_run(m, &exit);
			if (!inspected(verdict, &status))
				return status;
		}
		if (verdict == INSPECT_GO_ON)
			continue;
		if (exit.kind == VCPU_TRAP && !survived(m, &exit, &status))
			return status;
		if (exit.kind == VCPU_INTERRUPTED && !upcall_interrupted(m))
			return STATUS_TENDER_FAILED;
		if (exit.kind == VCPU_CALL && !serve(m, &exit, &status))
			return status;
	}
}
