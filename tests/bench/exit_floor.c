/* SPDX-License-Identifier: ISC */
/*
 * What KVM itself takes for one hypercall: a guest in ring 3, where images
 * run, that does nothing but `out`, and a loop of KVM_RUN that looks at
 * nothing but whether that is why it returned.
 *
 *	exit_floor N
 *
 * Ports are open twice over, as in the tender: by IOPL, and by a task state
 * segment full of zeros, which is what TR means after reset.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "bench.h"

#define MEM_BYTES  0x400000u
#define TABLES_GPA 0x10000u /* behind the task state segment: 64 KiB */
#define CODE_GPA   0x200000u
#define PORT	   0x500

/* Intel SDM volume 3, 4.5: present, writable, user; a page of 2 MiB. */
#define TABLE_BITS 0x07u
#define LARGE_BITS 0xe7u

static const uint8_t code[] = {0xef, 0xeb, 0xfd}; /* out; jmp to it */

static void fill(uint8_t *mem)
{
	uint64_t top = (TABLES_GPA + 0x1000) | TABLE_BITS;
	uint64_t pointers = (TABLES_GPA + 0x2000) | TABLE_BITS;
	uint64_t directory[2] = {LARGE_BITS, CODE_GPA | LARGE_BITS};

	memcpy(mem + TABLES_GPA, &top, sizeof(top));
	memcpy(mem + TABLES_GPA + 0x1000, &pointers, sizeof(pointers));
	memcpy(mem + TABLES_GPA + 0x2000, directory, sizeof(directory));
	memcpy(mem + CODE_GPA, code, sizeof(code));
}

/* 64-bit mode, ring 3, no interrupts: SDM volume 3, 9.8.5. */
static int set_registers(int vcpu_fd)
{
	struct kvm_segment data = {
		.limit = 0xffffffff,
		.selector = 0x2b,
		.type = 3,
		.present = 1,
		.dpl = 3,
		.db = 1,
		.s = 1,
		.g = 1,
	};
	struct kvm_regs regs = {.rip = CODE_GPA, .rdx = PORT, .rflags = 0x3002};
	struct kvm_sregs s;

	if (ioctl(vcpu_fd, KVM_GET_SREGS, &s) < 0)
		return -1;
	s.cr0 = 0x80050033;
	s.cr3 = TABLES_GPA;
	s.cr4 = 0x620;
	s.efer = 0x500;
	s.ds = s.es = s.fs = s.gs = s.ss = s.cs = data;
	s.cs.selector = 0x33;
	s.cs.type = 11;
	s.cs.db = 0;
	s.cs.l = 1;
	if (ioctl(vcpu_fd, KVM_SET_SREGS, &s) < 0)
		return -1;
	return ioctl(vcpu_fd, KVM_SET_REGS, &regs);
}

static int run(int vcpu_fd, const struct kvm_run *shared)
{
	return ioctl(vcpu_fd, KVM_RUN, 0) < 0 ||
	       shared->exit_reason != KVM_EXIT_IO || shared->io.port != PORT;
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 1, start;
	int kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm_fd = ioctl(kvm_fd, KVM_CREATE_VM, 0), vcpu_fd, bytes;
	uint8_t *mem = mmap(NULL, MEM_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region slot = {
		.memory_size = MEM_BYTES,
		.userspace_addr = (uintptr_t)mem,
	};
	struct kvm_run *shared;

	if (vm_fd < 0 || mem == MAP_FAILED)
		return 1;
	fill(mem);
	if (ioctl(vm_fd, KVM_SET_USER_MEMORY_REGION, &slot) < 0)
		return 1;
	vcpu_fd = ioctl(vm_fd, KVM_CREATE_VCPU, 0);
	bytes = ioctl(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (vcpu_fd < 0 || bytes < 0 || set_registers(vcpu_fd) < 0)
		return 1;
	shared = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		      vcpu_fd, 0);
	if (shared == MAP_FAILED || run(vcpu_fd, shared))
		return 1;
	start = bench_now_ns();
	for (uint64_t i = 0; i < count; i++)
		if (run(vcpu_fd, shared))
			return 1;
	bench_report(count, bench_now_ns() - start, count);
	return 0;
}
