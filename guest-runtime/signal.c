/* SPDX-License-Identifier: ISC */
/* What to do with signals, and which of them to block. */
#include "signals.h"

#include <errno.h>
#include <string.h>

#include "host_signal.h"
#include "interrupt.h"
#include "rt_syscall.h"
#include "runtime.h"
#include "thread.h"

/* musl blocks these and all for a moment, and means none in particular. */
#define LIBC_ALL_MASK ~0ULL
#define LIBC_APP_MASK 0xfffffffc7fffffffULL

struct rt_sigaction __rt_signal_actions[RT_SIGNALS];

static void send_sigpipe(void)
{
	const siginfo_t info = {.si_signo = SIGPIPE, .si_pid = 1};

	__rt_signal_send(__rt_self, &info);
}

static int is_fault(int signal)
{
	return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE ||
	       signal == SIGILL || signal == SIGTRAP;
}

static uint64_t host_signals(void)
{
	return __rt_signal_bit(SIGTERM) | __rt_signal_bit(SIGINT);
}

/* The tender need not tell of what the program does not care about. */
static long care_about(int signal, const struct rt_sigaction *action)
{
	if (signal == SIGPIPE)
		__rt_send_sigpipe = send_sigpipe;
	if (host_signals() & __rt_signal_bit(signal))
		return __rt_host_signals_on();
	if (!is_fault(signal) || action->handler == SIG_DFL ||
	    action->handler == SIG_IGN)
		return 0;
	return __rt_upcalls_on(1U << BP_UPCALL_TRAP);
}

static void be_ready(void)
{
	__rt_deliver_signals = __rt_signal_deliver;
	__rt_deliver_preempted = __rt_signal_deliver_preempted;
	__rt_upcall_other = __rt_signal_upcall;
}

static int ignored_by_default(int signal)
{
	/* There is nobody to let a stopped process go on. */
	return signal == SIGCHLD || signal == SIGURG || signal == SIGWINCH ||
	       signal == SIGCONT || signal == SIGSTOP || signal == SIGTSTP ||
	       signal == SIGTTIN || signal == SIGTTOU;
}

int __rt_signal_is_ignored(int signal)
{
	const struct rt_sigaction *a = &__rt_signal_actions[signal];

	return a->handler == SIG_IGN ||
	       (a->handler == SIG_DFL && ignored_by_default(signal));
}

long __rt_sys_rt_sigaction(int signal, const void *new, void *old, size_t size)
{
	struct rt_sigaction *action = &__rt_signal_actions[signal];
	siginfo_t info;
	long err;

	if (signal < 1 || signal >= RT_SIGNALS || size != sizeof(uint64_t))
		return -EINVAL;
	if (new && (signal == SIGKILL || signal == SIGSTOP))
		return -EINVAL;
	if (new) {
		be_ready();
		err = care_about(signal, new);
		if (err)
			return err;
	}
	if (old)
		memcpy(old, action, sizeof(*action));
	if (!new)
		return 0;
	memcpy(action, new, sizeof(*action));
	action->mask &= ~RT_NEVER_BLOCKED;
	/* What is pending and ignored from now on is forgotten: POSIX. */
	if (__rt_signal_is_ignored(signal))
		while (__rt_signal_take(__rt_signal_bit(signal), &info))
			;
	return 0;
}

long __rt_sys_rt_sigprocmask(int how, const uint64_t *set, uint64_t *old,
			     size_t size)
{
	uint64_t *blocked = &__rt_self->signals_blocked;
	uint64_t wanted = set ? *set : 0;

	if (size != sizeof(*set))
		return -EINVAL;
	if (old)
		*old = *blocked;
	if (!set)
		return 0;
	if (how == SIG_BLOCK)
		*blocked |= wanted;
	else if (how == SIG_UNBLOCK)
		*blocked &= ~wanted;
	else if (how == SIG_SETMASK)
		*blocked = wanted;
	else
		return -EINVAL;
	*blocked &= ~RT_NEVER_BLOCKED;
	if (how != SIG_UNBLOCK && wanted & host_signals() &&
	    wanted != LIBC_ALL_MASK && wanted != LIBC_APP_MASK)
		__rt_host_signals_on();
	__rt_signal_unblocked();
	return 0;
}

void __rt_signal_mask_begin(uint64_t mask, uint64_t *before)
{
	*before = __rt_self->signals_blocked;
	__rt_self->signals_blocked = mask & ~RT_NEVER_BLOCKED;
	__rt_signal_unblocked();
}

void __rt_signal_mask_end(uint64_t before)
{
	struct rt_thread *self = __rt_self;

	if (self->due & RT_DUE_SIGNAL) {
		self->signals_before = before;
		self->signals_borrowed = 1;
		return;
	}
	self->signals_blocked = before;
	__rt_signal_unblocked();
}

long __rt_sys_rt_sigpending(uint64_t *set, size_t size)
{
	if (size > sizeof(*set))
		return -EINVAL;
	*set = __rt_signal_pending() & __rt_self->signals_blocked;
	return 0;
}
