/* SPDX-License-Identifier: ISC */
/* Changes what the guest of a process vCPU may do with its memory. */
#ifndef PROTECT_PROCESS_X86_64_H
#define PROTECT_PROCESS_X86_64_H

#include <stdint.h>

struct guest_mem;
struct kvm_regs;
struct tracee;

/*
 * Makes @access that to [start, end), in the stopped process @t. @code is an
 * address in a page of its that may be executed, @key what lets a system call
 * pass its filter, @regs what its registers are, but for RAX and RIP, which
 * change. 0 or -errno after printing why.
 */
int protect_process(struct tracee *t, const struct guest_mem *mem,
		    const struct kvm_regs *regs, uint64_t code, uint64_t key,
		    uint64_t start, uint64_t end, unsigned access);

#endif
