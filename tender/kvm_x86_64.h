/* SPDX-License-Identifier: ISC */
/* The vCPU on KVM, shared by its files. */
#ifndef KVM_X86_64_H
#define KVM_X86_64_H

#include <linux/kvm.h>
#include <signal.h>
#include <stdbool.h>

#include "page_table_x86_64.h"
#include "vcpu.h"

#define KVM_RFLAGS_START 0x3202ULL /* IOPL 3, IF, and bit 1 */

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
	struct page_table tables;
	volatile sig_atomic_t kicked;
	bool stepping; /* RFLAGS.TF is set while the guest runs */
	enum debug_regs_use debug_regs;
};

static inline struct vcpu_kvm *kvm_of(struct vcpu *vcpu)
{
	return (struct vcpu_kvm *)vcpu;
}

static inline struct kvm_regs *regs_of(struct vcpu_kvm *k)
{
	return k->sync_regs ? &k->run->s.regs.regs : &k->regs;
}

static inline void regs_changed(struct vcpu_kvm *k)
{
	if (k->sync_regs)
		k->run->kvm_dirty_regs |= KVM_SYNC_X86_REGS;
	else
		k->regs_dirty = true;
}

/* Prints what failed, by errno, which it gives as -errno. */
int kvm_failed(const char *what);

/* kvm_create_x86_64.c: see vcpu.h. */
const char *kvm_unusable(void);
int kvm_create(struct vcpu **vcpu, struct guest_mem *mem, bool drop_ids);
void kvm_destroy(struct vcpu *vcpu);
int kvm_prepare(struct vcpu *vcpu, const struct vcpu_start *start,
		struct vcpu_features *features);

/* Flat code and data of ring 3. */
void kvm_user_segments(struct kvm_sregs *s);

/* From and to ->sregs. 0 or -errno after printing why. */
int kvm_get_sregs(struct vcpu_kvm *k);
int kvm_set_sregs(struct vcpu_kvm *k);

/* How a KVM_RUN may end without an exit of the guest's. */
enum kvm_end {
	KVM_INTERRUPTED = 1, /* by a signal */
	KVM_NO_DATA,	     /* the host has no page for what was accessed */
};

/*
 * One KVM_RUN. 0, or how it ended without an exit; -errno after printing why.
 * KVM_NO_DATA only where there are windows.
 */
int kvm_enter_guest(struct vcpu_kvm *k);

/*
 * Has KVM complete the `out` that the vCPU stands at, which else it would do
 * later, with the registers that are there then.
 */
int kvm_complete_io(struct vcpu_kvm *k);

/* kvm_map_x86_64.c: see vcpu.h. */
int kvm_map(struct vcpu *vcpu, uint64_t start, uint64_t end, unsigned access);

/* vcpu_debug_kvm_x86_64.c */
extern const struct vcpu_debug_ops vcpu_kvm_debug_ops;

#endif
