/* SPDX-License-Identifier: ISC */
/* What the kinds of vCPU share about x86-64 registers. */
#ifndef REGS_X86_64_H
#define REGS_X86_64_H

#include <stddef.h>

#include <linux/kvm.h>

struct bp_upcall_frame;
struct vcpu_exit;
struct vcpu_place;

/*
 * Fills @exit with the hypercall that `out %eax, %dx` with these registers
 * is, or with a trap when @port is none of a hypercall.
 */
void regs_call(const struct kvm_regs *regs, unsigned port,
	       struct vcpu_exit *exit);

void regs_place(const struct kvm_regs *regs, struct vcpu_place *place);

/* See vcpu_ops.interrupted. */
void regs_frame(const struct kvm_regs *regs, struct bp_upcall_frame *frame);

/* See vcpu_ops.format_registers. */
void regs_format(const struct kvm_regs *regs, char *text, size_t bytes);

#endif
