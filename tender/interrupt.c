/* SPDX-License-Identifier: ISC */
#include "interrupt.h"

#include <errno.h>
#include <signal.h>
#include <sys/time.h>

#include "vcpu.h"

#define REPEAT_US 20000

/* A signal handler has no argument to find these by. */
static volatile sig_atomic_t pending;
static struct vcpu *target;

static void on_alarm(int signal)
{
	(void)signal;
	pending = 1;
	target->ops->kick(target);
	/* seccomp: rt_sigreturn, restart_syscall */
}

int interrupt_arm(struct vcpu *vcpu, uint64_t us)
{
	struct sigaction action = {.sa_handler = on_alarm}; /* no SA_RESTART */
	struct itimerval timer = {
		.it_value.tv_sec = (time_t)(us / 1000000),
		.it_value.tv_usec = (suseconds_t)(us % 1000000),
		.it_interval.tv_usec = REPEAT_US,
	};

	sigset_t alarm;

	/* Whoever started the tender may have blocked it. */
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	target = vcpu;
	if (sigaction(SIGALRM, &action, NULL) < 0 ||
	    sigprocmask(SIG_UNBLOCK, &alarm, NULL) < 0)
		return -errno;
	return setitimer(ITIMER_REAL, &timer, NULL) < 0 ? -errno : 0;
}

bool interrupt_pending(void)
{
	return pending;
}
