/* SPDX-License-Identifier: ISC */
/* What the files of the KVM vCPU share. */
#ifndef VCPU_KVM_X86_64_H
#define VCPU_KVM_X86_64_H

#include <linux/kvm.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "page_table_x86_64.h"
#include "vcpu.h"

enum debug_regs_use {
	DEBUG_REGS_UNTRIED,
	DEBUG_REGS_WORK,
	DEBUG_REGS_DEAD, /* the host takes them, and ignores them */
};

struct vcpu_kvm {
	struct vcpu vcpu; /* first */
	struct guest_mem *mem;
	int vm_fd;
	int fd;
	struct kvm_run *run;
	size_t run_bytes;
	bool sync_regs;
	bool xsave;
	uint64_t cr4;
	struct vcpu_features features;
	struct kvm_regs regs; /* where there is no sync_regs */
	bool regs_dirty;
	struct kvm_sregs sregs; /* initial; later only scratch */
	bool in_stub;		/* it reported, and sregs is of then */
	enum debug_regs_use debug_regs;
	bool stepping; /* RFLAGS.TF is set while the guest runs */
	struct page_table tables;
	volatile sig_atomic_t kicked;
};

static inline struct vcpu_kvm *vcpu_kvm_of(struct vcpu *vcpu)
{
	return (struct vcpu_kvm *)vcpu;
}

static inline struct kvm_regs *kvm_regs_of(struct vcpu_kvm *k)
{
	return k->sync_regs ? &k->run->s.regs.regs : &k->regs;
}

/* What kvm_regs_of() gives was written to: the next run takes it. */
static inline void kvm_regs_changed(struct vcpu_kvm *k)
{
	if (k->sync_regs)
		k->run->kvm_dirty_regs |= KVM_SYNC_X86_REGS;
	else
		k->regs_dirty = true;
}

/* Prints what failed, with errno, which it returns negated. */
int kvm_failed(const char *what);

/* Sets CS and SS to flat code and data of ring 3. */
void kvm_user_segments(struct kvm_sregs *s);

/*
 * Has KVM complete the `out` that the vCPU stands at, which else it would do
 * later, with the registers that are there then. 0, or -errno after printing
 * why.
 */
int kvm_complete_io(struct vcpu_kvm *k);

extern const struct vcpu_debug_ops vcpu_kvm_debug_ops;

#endif
