/* SPDX-License-Identifier: ISC */
#include "attention.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>

#include "vcpu.h"

/* A signal handler has no argument to find these by. */
static _Atomic unsigned asked;
static unsigned char meaning[_NSIG];
static struct vcpu *target;

static void on_signal(int signal)
{
	int saved = errno;

	atomic_fetch_or(&asked, meaning[signal]);
	target->ops->kick(target);
	errno = saved;
}

int attention_on(struct vcpu *vcpu, int signal, enum attention what)
{
	struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART */
	sigset_t set;

	target = vcpu;
	meaning[signal] = (unsigned char)what;
	/* Whoever started the tender may have blocked it. */
	sigemptyset(&set);
	sigaddset(&set, signal);
	if (sigaction(signal, &action, NULL) < 0 ||
	    sigprocmask(SIG_UNBLOCK, &set, NULL) < 0)
		return -errno;
	return 0;
}

bool attention_pending(void)
{
	return atomic_load_explicit(&asked, memory_order_relaxed);
}

unsigned attention_take(void)
{
	return attention_pending() ? atomic_exchange(&asked, 0) : 0;
}

bool attention_signals(sigset_t *set)
{
	for (int i = 1; target && i < (int)sizeof(meaning); i++)
		if (meaning[i])
			sigaddset(set, i);
	return target;
}
