/* SPDX-License-Identifier: ISC */
/* What the files of the process vCPU share. */
#ifndef VCPU_PROCESS_X86_64_H
#define VCPU_PROCESS_X86_64_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>

#include "tracee.h"
#include "vcpu.h"

struct vcpu_process {
	struct vcpu vcpu; /* first */
	struct guest_mem *mem;
	struct tracee child;
	int resume;
	uint64_t key; /* see guest_plan_make() */
	struct kvm_regs regs;
	bool stepping; /* one instruction at a time */
	bool answered; /* rax and rip are to be written */
	bool entered;  /* the registers of ->enter, too */
};

static inline struct vcpu_process *vcpu_process_of(struct vcpu *vcpu)
{
	return (struct vcpu_process *)vcpu;
}

/*
 * Gives the child the result of its last hypercall, and what ->enter set. 0,
 * or -errno after printing why.
 */
int process_settle(struct vcpu_process *p);

extern const struct vcpu_debug_ops vcpu_process_debug_ops;

#endif
