/* SPDX-License-Identifier: ISC */
/* What the guest's CPUID instruction says. */
#ifndef CPUID_X86_64_H
#define CPUID_X86_64_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/kvm.h>

#define CPUID_MAX_LEAVES 8

struct cpuid_set {
	struct kvm_cpuid_entry2 leaf[CPUID_MAX_LEAVES];
	unsigned count;
	bool xsave;
	bool fsgsbase;
	unsigned address_bits; /* of a physical address, for the guest, too */
	uint64_t xcr0; /* the state components the guest gets, if xsave */
};

/*
 * A small set of leaves from the CPUID instruction of the host, filtered by
 * an allow list: features of ring 3 that need nothing from a kernel. Asking
 * KVM for what it supports would cost a third of a start.
 */
void cpuid_curate(struct cpuid_set *set);

/* What KVM makes guests of: hardware, nested or para-virtual ones. */
const char *cpuid_virtualization(void);

#endif
