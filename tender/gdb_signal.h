/* SPDX-License-Identifier: ISC */
/* GDB's own numbers of signals (gdb/signals.def). */
#ifndef GDB_SIGNAL_H
#define GDB_SIGNAL_H

#include <signal.h>

static inline unsigned gdb_signal_of(int signal)
{
	switch (signal) {
	case SIGBUS:
		return 10;
	case SIGSYS:
		return 12;
	case SIGUSR1:
		return 30;
	case SIGUSR2:
		return 31;
	default: /* the others that a guest ends by: as on Linux */
		return (unsigned)signal;
	}
}

#endif
