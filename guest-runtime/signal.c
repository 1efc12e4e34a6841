/* SPDX-License-Identifier: ISC */
/*
 * Signals a program sends to itself: raise(), abort(), kill(getpid()). The
 * handler runs inside the call. Signals from outside and from faults are not
 * delivered.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "hypercall_x86_64.h"
#include "rt_syscall.h"
#include "runtime.h"
#include "thread.h"

#define SIGNAL_COUNT 65

/* What Linux's rt_sigaction(2) takes on x86-64. */
struct kernel_sigaction {
	union {
		void (*handler)(int);
		void (*with_info)(int, siginfo_t *, void *);
	};
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

static struct kernel_sigaction actions[SIGNAL_COUNT];
static uint64_t waiting;

static uint64_t bit(int signal)
{
	return 1ULL << (signal - 1);
}

static int ignored_by_default(int signal)
{
	return signal == SIGCHLD || signal == SIGURG || signal == SIGWINCH ||
	       signal == SIGCONT;
}

static void deliver(int signal)
{
	const struct kernel_sigaction a = actions[signal];
	uint64_t before = __rt_self->signals_blocked;
	siginfo_t info;

	if (a.handler == SIG_IGN ||
	    (a.handler == SIG_DFL && ignored_by_default(signal)))
		return;
	if (a.handler == SIG_DFL) {
		__rt_sys_exit(128 + signal);
		return;
	}
	if (a.flags & SA_RESETHAND)
		actions[signal].handler = SIG_DFL;
	memset(&info, 0, sizeof(info));
	info.si_signo = signal;
	info.si_code = SI_TKILL;
	info.si_pid = 1;
	__rt_self->signals_blocked |= a.mask;
	if (!(a.flags & SA_NODEFER))
		__rt_self->signals_blocked |= bit(signal);
	if (a.flags & SA_SIGINFO)
		a.with_info(signal, &info, NULL);
	else
		a.handler(signal);
	__rt_self->signals_blocked = before;
}

/* Lowest first; a handler may have made more of them wait. */
static void deliver_waiting(void)
{
	uint64_t now;

	while ((now = waiting & ~__rt_self->signals_blocked) != 0) {
		int signal = __builtin_ctzll(now) + 1;

		waiting &= ~bit(signal);
		deliver(signal);
	}
}

static void send_sigpipe(void)
{
	__rt_sys_tkill(1, SIGPIPE);
}

long __rt_sys_rt_sigaction(int signal, const void *new, void *old, size_t size)
{
	if (signal < 1 || signal >= SIGNAL_COUNT || size != 8)
		return -EINVAL;
	if (new && (signal == SIGKILL || signal == SIGSTOP))
		return -EINVAL;
	if (old)
		memcpy(old, &actions[signal], sizeof(actions[signal]));
	if (new) {
		memcpy(&actions[signal], new, sizeof(actions[signal]));
		if (signal == SIGPIPE)
			__rt_send_sigpipe = send_sigpipe;
	}
	return 0;
}

long __rt_sys_rt_sigprocmask(int how, const uint64_t *set, uint64_t *old,
			     size_t size)
{
	uint64_t *blocked = &__rt_self->signals_blocked;
	uint64_t wanted = set ? *set : 0;

	if (size != 8)
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
	*blocked &= ~(bit(SIGKILL) | bit(SIGSTOP));
	deliver_waiting();
	return 0;
}

long __rt_sys_tkill(int tid, int signal)
{
	if (tid < 1 || !__rt_thread_find(tid))
		return -ESRCH;
	if (signal < 0 || signal >= SIGNAL_COUNT)
		return -EINVAL;
	if (signal == 0)
		return 0;
	waiting |= bit(signal);
	deliver_waiting();
	return 0;
}

long __rt_sys_tgkill(int pid, int tid, int signal)
{
	return pid == 1 ? __rt_sys_tkill(tid, signal) : -ESRCH;
}

long __rt_sys_kill(int pid, int signal)
{
	return pid >= -1 && pid <= 1 ? __rt_sys_tkill(1, signal) : -ESRCH;
}
