/* SPDX-License-Identifier: ISC */
/* The child side of the process vCPU. */
#ifndef GUEST_PROCESS_X86_64_H
#define GUEST_PROCESS_X86_64_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct guest_mem;
struct user_regs_struct;

/*
 * Makes a fresh child of @tender the guest that has @mem, and nothing else.
 * It ends in a fault, or exits when it could not.
 */
_Noreturn void guest_process_become(const struct guest_mem *mem, pid_t tender);

/*
 * Whether the signal @info, at which the child has stopped with the registers
 * @user, is its last word. If so @err is 0 when it is a guest now, or
 * -errno, with a message printed, when it failed.
 */
bool guest_process_stopped(const siginfo_t *info,
			   const struct user_regs_struct *user, int *err);

/* Says why a child ended that did not become a guest; -errno. */
int guest_process_ended(int wait_status);

#endif
