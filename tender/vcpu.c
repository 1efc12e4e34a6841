/* SPDX-License-Identifier: ISC */
#include "vcpu.h"

void vcpu_exit_trap(struct vcpu_exit *exit, int signal, const char *what)
{
	exit->kind = VCPU_TRAP;
	exit->trap.signal = signal;
	exit->trap.what = what;
	exit->trap.has_address = false;
}
