/* SPDX-License-Identifier: ISC */
/* What the signal means that stopped the guest of a process vCPU. */
#ifndef FAULT_PROCESS_X86_64_H
#define FAULT_PROCESS_X86_64_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

struct guest_mem;
struct kvm_regs;
struct vcpu_exit;

/*
 * Fills @exit for the signal in @info, which stopped the traced process @pid.
 * VCPU_INTERRUPTED: it was none of the guest's. Where the kernel left @regs'
 * rip behind a system call instruction, moves it back there.
 */
void fault_describe(const struct guest_mem *mem, pid_t pid,
		    const siginfo_t *info, struct kvm_regs *regs,
		    struct vcpu_exit *exit);

/* Fills @exit for a system call instruction, the next one being at @next. */
void fault_system_call(const struct guest_mem *mem, uint64_t next,
		       struct kvm_regs *regs, struct vcpu_exit *exit);

#endif
