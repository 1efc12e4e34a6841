/* SPDX-License-Identifier: ISC */
/* Keeps the tender and the guest's process on one CPU while they talk. */
#ifndef ONE_CPU_H
#define ONE_CPU_H

#include <sys/types.h>

/*
 * Binds this process to the CPU it runs on, and so what it forks next, for a
 * while. One guest only.
 */
void one_cpu_begin(void);

/*
 * To be called after that fork: @guest is the guest's process. And with 0 when
 * it has died, as its number is free for others then.
 */
void one_cpu_guest(pid_t guest);

/* To be called when the guest has stopped: binds both if that is worth it. */
void one_cpu_call(void);

/* The timer it uses, or -1. */
int one_cpu_timer(void);

#endif
