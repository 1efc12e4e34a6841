/* SPDX-License-Identifier: ISC */
#include "host_signal.h"

#include "interrupt.h"
#include "signals.h"
#include "thread.h"

static void host_signal(int signal)
{
	const siginfo_t info = {.si_signo = signal};

	__rt_signal_send(NULL, &info);
}

long __rt_host_signals_on(void)
{
	if (__rt_host_signal)
		return 0;
	__rt_host_signal = host_signal;
	__rt_upcall_other = __rt_signal_upcall;
	return __rt_upcalls_on(1U << BP_UPCALL_SIGNAL | 1U << BP_UPCALL_TRAP);
}
