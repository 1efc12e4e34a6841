/* SPDX-License-Identifier: ISC */
#include "cpuid_x86_64.h"

#include <cpuid.h>
#include <string.h>
#include <sys/auxv.h>

#define HWCAP2_FSGSBASE (1UL << 1) /* asm/hwcap2.h */

/* Leaf 1 (Intel SDM volume 2, CPUID). */
#define ECX1_ALLOWED                                                    \
	(bit_SSE3 | bit_PCLMUL | bit_SSSE3 | bit_FMA | bit_CMPXCHG16B | \
	 bit_SSE4_1 | bit_SSE4_2 | bit_MOVBE | bit_POPCNT | bit_AES |   \
	 bit_XSAVE | bit_AVX | bit_F16C | bit_RDRND)
#define ECX1_XSAVE	(bit_XSAVE | bit_OSXSAVE | bit_AVX | bit_FMA | bit_F16C)
#define ECX1_HYPERVISOR (1u << 31)
#define EDX1_FPU	(1u << 0)
#define EDX1_TSC	(1u << 4)
#define EDX1_PAE	(1u << 6)
#define EDX1_CLFLUSH	(1u << 19)
#define EDX1_ALLOWED                                                 \
	(EDX1_FPU | EDX1_TSC | EDX1_PAE | bit_CMPXCHG8B | bit_CMOV | \
	 EDX1_CLFLUSH | bit_MMX | bit_FXSAVE | bit_SSE | bit_SSE2)

/* Leaf 7, subleaf 0. AVX-512 and AMX are left out: see ARCHITECTURE.md. */
#define EBX7_ALLOWED                                                \
	(bit_FSGSBASE | bit_BMI | bit_AVX2 | bit_BMI2 | EBX7_ERMS | \
	 bit_RDSEED | bit_ADX | bit_CLFLUSHOPT | bit_CLWB | bit_SHA)
#define EBX7_ERMS    (1u << 9)
#define ECX7_ALLOWED (bit_GFNI | bit_VAES | bit_VPCLMULQDQ)
#define EDX7_ALLOWED EDX7_FSRM
#define EDX7_FSRM    (1u << 4)

/* Leaf 0x80000001: no SVM, no SYSCALL. */
#define ECX81_ALLOWED (bit_LAHF_LM | bit_ABM | bit_SSE4a | bit_PRFCHW)
#define EDX81_NX      (1u << 20)
#define EDX81_ALLOWED (EDX81_NX | bit_LM)

#define XCR0_X87_SSE_AVX 7ULL

/* The standard form of the XSAVE area: SDM volume 1, 13.4. */
#define XSAVE_AVX_OFFSET 576
#define XSAVE_AVX_BYTES	 256

static struct kvm_cpuid_entry2 *add_leaf(struct cpuid_set *set,
					 uint32_t function)
{
	struct kvm_cpuid_entry2 *e = &set->leaf[set->count++];

	e->function = function;
	__cpuid_count(function, 0, e->eax, e->ebx, e->ecx, e->edx);
	return e;
}

static void add_xsave_leaf(struct cpuid_set *set)
{
	struct kvm_cpuid_entry2 *e = add_leaf(set, 0xd);

	e->flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
	set->xcr0 = e->eax & XCR0_X87_SSE_AVX;
	e->eax = (uint32_t)set->xcr0;
	e->ebx = e->ecx = XSAVE_AVX_OFFSET + XSAVE_AVX_BYTES;
	e->edx = 0;
	e = &set->leaf[set->count++];
	e->function = 0xd;
	e->index = 2;
	e->flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
	e->eax = XSAVE_AVX_BYTES;
	e->ebx = XSAVE_AVX_OFFSET;
}

void cpuid_curate(struct cpuid_set *set)
{
	struct kvm_cpuid_entry2 *zero, *one, *e;
	uint32_t highest;

	memset(set, 0, sizeof(*set));
	zero = add_leaf(set, 0);
	highest = zero->eax;
	one = add_leaf(set, 1);
	set->xsave = (one->ecx & bit_XSAVE) && (one->ecx & bit_AVX) &&
		     (one->ecx & bit_OSXSAVE) && highest >= 0xd;
	one->ecx &= ECX1_ALLOWED;
	if (set->xsave)
		one->ecx |= bit_OSXSAVE;
	else
		one->ecx &= ~(uint32_t)ECX1_XSAVE;
	one->ecx |= ECX1_HYPERVISOR;
	one->edx &= EDX1_ALLOWED;
	one->ebx &= 0xffff; /* one CPU, APIC number 0 */
	if (highest >= 7) {
		e = add_leaf(set, 7);
		e->flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
		e->eax = 0;
		e->ebx &= EBX7_ALLOWED;
		e->ecx &= ECX7_ALLOWED;
		e->edx &= EDX7_ALLOWED;
		if (!set->xsave) {
			e->ebx &= ~(uint32_t)bit_AVX2;
			e->ecx &= ~(uint32_t)(bit_VAES | bit_VPCLMULQDQ);
		}
		/* A host may have it, and not use it (nofsgsbase). */
		if (!(getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE))
			e->ebx &= ~(uint32_t)bit_FSGSBASE;
		set->fsgsbase = e->ebx & bit_FSGSBASE;
	}
	if (set->xsave)
		add_xsave_leaf(set);
	zero->eax = set->xsave ? 0xd : highest < 7 ? highest : 7;
	e = add_leaf(set, 0x80000001);
	e->eax = one->eax;
	e->ebx = 0;
	e->ecx &= ECX81_ALLOWED;
	e->edx &= EDX81_ALLOWED;
	/* Without this leaf, KVM takes 36 address bits for granted. */
	e = add_leaf(set, 0x80000008);
	e->eax &= 0xffff;
	set->address_bits = e->eax & 0xff;
	e->ebx = e->ecx = e->edx = 0;
	e = &set->leaf[set->count++];
	e->function = 0x80000000;
	e->eax = 0x80000008;
}

const char *cpuid_virtualization(void)
{
	unsigned a, b, c = 0, d, extended = 0;

	__get_cpuid(1, &a, &b, &c, &d);
	__get_cpuid(0x80000001, &a, &b, &extended, &d);
	if (!(c & 1u << 31)) /* no hypervisor below */
		return "hardware";
	return (c & 1u << 5 /* VMX */) || (extended & 1u << 2 /* SVM */)
		       ? "nested"
		       : "para-virtual";
}
