/* SPDX-License-Identifier: ISC */
/* What the files of the process vCPU share. */
#ifndef VCPU_PROCESS_X86_64_H
#define VCPU_PROCESS_X86_64_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "vcpu.h"

struct vcpu_process {
	struct vcpu vcpu; /* first */
	struct guest_mem *mem;
	volatile pid_t pid; /* 0: dead, its number is free for others */
	int resume;
	struct kvm_regs regs;
	bool answered; /* rax and rip are to be written */
	bool entered;  /* the registers of ->enter, too */
	bool stepping; /* one instruction at a time */
};

static inline struct vcpu_process *vcpu_process_of(struct vcpu *vcpu)
{
	return (struct vcpu_process *)vcpu;
}

/*
 * A request of ptrace(2) to the stopped child. 0, or -errno after printing
 * @what failed.
 */
int process_trace(struct vcpu_process *p, int request, uint64_t address,
		  void *data, const char *what);

/* The word at @offset of its struct user. 0 or -errno, likewise. */
int process_poke(struct vcpu_process *p, uint64_t offset, uint64_t value);

int process_peek(struct vcpu_process *p, uint64_t offset, uint64_t *value);

/*
 * Gives the child the result of its last hypercall, and what ->enter set. 0 or
 * -errno, likewise.
 */
int process_settle(struct vcpu_process *p);

extern const struct vcpu_debug_ops vcpu_process_debug_ops;

#endif
