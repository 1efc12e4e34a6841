/* SPDX-License-Identifier: ISC */
/*
 * What KVM itself costs: the smallest program that creates a VM, lets the
 * guest do one `out`, and ends. The guest is one page at the top of the first
 * 4 GiB, where the CPU starts after reset: no register needs to be set.
 * Status 0 if the guest came to its `out`.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define PAGE_BYTES 0x1000u
#define PAGE_GPA   0xfffff000u
#define ENTRY	   0xff0u
#define PORT	   0x10

static const uint8_t code[] = {0xe6, PORT}; /* out */

int main(void)
{
	int kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm_fd = ioctl(kvm_fd, KVM_CREATE_VM, 0), vcpu_fd, bytes;
	uint8_t *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region slot = {
		.guest_phys_addr = PAGE_GPA,
		.memory_size = PAGE_BYTES,
		.userspace_addr = (uintptr_t)page,
	};
	struct kvm_run *shared;

	if (vm_fd < 0 || page == MAP_FAILED)
		return 1;
	memcpy(page + ENTRY, code, sizeof(code));
	if (ioctl(vm_fd, KVM_SET_USER_MEMORY_REGION, &slot) < 0)
		return 1;
	vcpu_fd = ioctl(vm_fd, KVM_CREATE_VCPU, 0);
	bytes = ioctl(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (vcpu_fd < 0 || bytes < 0)
		return 1;
	shared = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		      vcpu_fd, 0);
	if (shared == MAP_FAILED || ioctl(vcpu_fd, KVM_RUN, 0) < 0)
		return 1;
	return shared->exit_reason != KVM_EXIT_IO || shared->io.port != PORT;
}
