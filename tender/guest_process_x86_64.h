/* SPDX-License-Identifier: ISC */
/* The child side of the process vCPU. */
#ifndef GUEST_PROCESS_X86_64_H
#define GUEST_PROCESS_X86_64_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct guest_mem;
struct user_regs_struct;

/*
 * Makes a child process that becomes the guest that has @mem, and nothing
 * else; the regions of @mem must be known by now. With @drop_ids it is nobody's
 * where this is root's. Its process id, or -errno
 * after printing why. It ends in a fault that the tender, its tracer, sees,
 * with vector registers as after reset, or exits when it could not. This
 * process cannot fork for anything else from then on. *@key is for
 * protect_process().
 */
pid_t guest_process_start(const struct guest_mem *mem, bool drop_ids,
			  uint64_t *key);

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
