/* SPDX-License-Identifier: ISC */
/*
 * The sandbox: from a program that can do what its user can, to one that can
 * run a guest and nothing else. Nothing here is needed as long as the guest
 * stays in its vCPU; all of it is for the day it does not.
 *
 * THEORY OF OPERATION
 * The stages are in an order in which each can still be done when its turn
 * comes. What is open and not needed goes first; then what can be named (files,
 * hosts, other processes), by namespaces and Landlock; then the power over it
 * (ids, capabilities, limits). The filter is last: it knows the descriptors and
 * processes of this very run by number, so that the same call with another
 * number is the end of the tender.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call_filter_x86_64.h"
#include "log.h"
#include "machine.h"
#include "sandbox_files.h"
#include "sandbox_ids.h"
#include "sandbox_probe.h"
#include "sandbox_rules.h"
#include "sandbox_view.h"

/* An enum for glibc, a number for musl. */
#ifdef __GLIBC__
#define LIMIT(n) ((enum __rlimit_resource)(n))
#else
#define LIMIT(n) ((int)(n))
#endif

/* poll() takes no more entries than that. */
#define FILES_MAX 64

bool sandbox_drops_ids(enum sandbox_choice choice)
{
	return choice != SANDBOX_OFF;
}

static int failed(const char *what, int err)
{
	log_error("sandbox: %s: %s; see --sandbox in tender(1)", what,
		  strerror(-err));
	return err;
}

/* What this host does not allow is an error only when all was asked for. */
static int missing(enum sandbox_choice choice, const char *what, int err)
{
	if (choice == SANDBOX_STRICT)
		return failed(what, err);
	log_debug("sandbox: without %s (%s)", what, strerror(-err));
	return 0;
}

/* Landlock and the filter demand it; and there is nothing to be executed. */
static int lock_privileges(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return failed("no_new_privs", -errno);
	return 0;
}

static int close_files(const struct sandbox_operands *operands,
		       enum sandbox_choice choice)
{
	int err = sandbox_close_files(operands);

	return err ? missing(choice, "closing what is open", err) : 0;
}

static int narrow_view(const struct sandbox_operands *o,
		       enum sandbox_choice choice)
{
	const char *what;
	int err = sandbox_namespaces(choice == SANDBOX_STRICT, &what);

	if (err)
		err = missing(choice, what, err);
	if (err)
		return err;
	err = sandbox_landlock(o->set[PID_GUEST].count ||
			       o->set[PID_HELPERS].count);
	return err ? missing(choice, "Landlock", err) : 0;
}

static int give_up_power(void)
{
	/*
	 * Not the size of files, as standard output may be a file of any size;
	 * writes to disks are held against their capacity. Nor processes: KVM
	 * makes a thread of the kernel's own when a guest first runs.
	 */
	static const struct {
		unsigned resource;
		rlim_t most;
	} limits[] = {
		{RLIMIT_NOFILE, FILES_MAX}, {RLIMIT_CORE, 0},
		{RLIMIT_MEMLOCK, 0},	    {RLIMIT_MSGQUEUE, 0},
		{RLIMIT_RTPRIO, 0},
	};
	int err;

	sandbox_drop_ids();
	err = sandbox_drop_capabilities();
	if (err)
		return failed("dropping capabilities", err);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct rlimit now, *l = &now;

		if (prlimit(0, LIMIT(limits[i].resource), NULL, l) < 0)
			return failed("limits", -errno);
		if (l->rlim_max > limits[i].most)
			l->rlim_max = limits[i].most;
		if (l->rlim_cur > l->rlim_max)
			l->rlim_cur = l->rlim_max;
		if (prlimit(0, LIMIT(limits[i].resource), l, NULL) < 0)
			return failed("limits", -errno);
	}
	return 0;
}

/* Nobody of the same user looks in; no speculation past a check, if asked. */
static int close_in(void)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return failed("dumpable", -errno);
	/* A CPU that needs no such thing, or cannot do it, says an error. */
	(void)prctl(PR_SET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS,
		    PR_SPEC_FORCE_DISABLE, 0, 0);
	(void)prctl(PR_SET_SPECULATION_CTRL, PR_SPEC_INDIRECT_BRANCH,
		    PR_SPEC_FORCE_DISABLE, 0, 0);
	return 0;
}

static int filter_calls(const struct sandbox_operands *operands)
{
	struct call_filter filter;
	int err;

	sandbox_rules_write(&filter, operands);
	err = call_filter_install(&filter);
	return err ? failed("filter of system calls", err) : 0;
}

static int enter(const struct machine *m, enum sandbox_choice choice)
{
	struct sandbox_operands operands;
	int err;

	sandbox_operands_of(&operands, m);
	err = lock_privileges();
	if (!err)
		err = close_files(&operands, choice);
	if (!err)
		err = narrow_view(&operands, choice);
	if (!err)
		err = give_up_power();
	if (!err)
		err = close_in();
	if (!err)
		err = filter_calls(&operands);
	if (!err)
		sandbox_probe(m);
	return err;
}

int sandbox_enter(const struct machine *m, enum sandbox_choice choice)
{
#ifdef HVT_NO_SANDBOX
	/* Sanitizers make system calls of their own; --version tells. */
	(void)enter;
	return 0;
#endif
	if (choice != SANDBOX_OFF)
		return enter(m, choice);
	log_info("the sandbox is off: a guest that breaks out can do whatever "
		 "you can");
	return 0;
}
