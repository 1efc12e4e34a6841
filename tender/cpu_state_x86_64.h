/* SPDX-License-Identifier: ISC */
/* Every register that guest code can see, whatever the kind of vCPU. */
#ifndef CPU_STATE_X86_64_H
#define CPU_STATE_X86_64_H

#include <stdint.h>

#include <linux/kvm.h>

enum cpu_segment {
	CPU_CS,
	CPU_SS,
	CPU_DS,
	CPU_ES,
	CPU_FS,
	CPU_GS,
	CPU_SEGMENT_COUNT
};

/* As FXSAVE has it (Intel SDM volume 1, 10.5.1), and Linux's core files. */
struct cpu_fxsave {
	uint16_t fcw;
	uint16_t fsw;
	uint8_t ftw; /* a bit for each register that is not empty */
	uint8_t zero;
	uint16_t fop;
	uint64_t fip;
	uint64_t fdp;
	uint32_t mxcsr;
	uint32_t mxcsr_mask;
	uint8_t st[8][16];
	uint8_t xmm[16][16];
	uint8_t rest[96];
};

_Static_assert(sizeof(struct cpu_fxsave) == 512, "as the CPU has it");

struct cpu_state {
	struct kvm_regs regs;
	uint64_t fs_base;
	uint64_t gs_base;
	uint32_t segment[CPU_SEGMENT_COUNT]; /* selectors */
	struct cpu_fxsave fpu;
};

#define CPU_RFLAGS_TF (1ULL << 8)

#endif
