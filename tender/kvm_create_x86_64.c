/* SPDX-License-Identifier: ISC */
#include "kvm_x86_64.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot_info.h"
#include "cpuid_x86_64.h"
#include "guest_memory.h"
#include "log.h"
#include "trap_x86_64.h"
/* Intel SDM volume 3, 2.5 "Control registers", and 2.2.1 for EFER. */
#define CR0_BITS       0x80050033ULL /* PG AM WP NE ET MP PE */
#define CR4_BITS       0x620ULL	     /* OSXMMEXCPT OSFXSR PAE */
#define CR4_FSGSBASE   (1ULL << 16)
#define CR4_OSXSAVE    (1ULL << 18)
#define EFER_BITS      0xd00ULL	     /* NXE LMA LME; no SCE: `syscall` traps */
#define APIC_BASE_BITS 0xfee00900ULL /* reset value of the first CPU */

/* Not every host has given it to a group of users. */
static const char *why_no_permission(void)
{
	struct stat st;

	if (!stat("/dev/kvm", &st) && (!st.st_gid || (st.st_mode & 060) != 060))
		return "no permission on /dev/kvm, which no group of users "
		       "has: 'sudo chgrp kvm /dev/kvm && sudo chmod 660 "
		       "/dev/kvm', and 'sudo usermod -aG kvm $USER', then log "
		       "in again";
	return "no permission on /dev/kvm: join its group (usually 'sudo "
	       "usermod -aG kvm $USER', then log in again)";
}

static const char *why_no_kvm(int err)
{
	if (err == ENOENT || err == ENODEV || err == ENXIO)
		return "/dev/kvm is not there: load the kvm_intel or kvm_amd "
		       "module, or enable (nested) virtualization on this host";
	if (err == EACCES || err == EPERM)
		return why_no_permission();
	return "/dev/kvm cannot be opened";
}

static int open_kvm(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

const char *kvm_unusable(void)
{
	int fd = open_kvm();

	if (fd < 0)
		return why_no_kvm(-fd);
	close(fd);
	return NULL;
}

static int set_cpuid(struct vcpu_kvm *k, struct cpuid_set *set)
{
	union {
		struct kvm_cpuid2 head;
		uint8_t bytes[sizeof(struct kvm_cpuid2) + sizeof(set->leaf)];
	} arg = {.head.nent = set->count};
	struct kvm_xcrs xcrs = {.nr_xcrs = 1};

	memcpy(arg.bytes + sizeof(arg.head), set->leaf, sizeof(set->leaf));
	if (ioctl(k->fd, KVM_SET_CPUID2, &arg) < 0)
		return kvm_failed("setting CPUID");
	k->cr4 = CR4_BITS | (set->fsgsbase ? CR4_FSGSBASE : 0);
	if (!set->xsave)
		return 0;
	xcrs.xcrs[0].value = set->xcr0;
	if (ioctl(k->fd, KVM_SET_XCRS, &xcrs) < 0)
		return kvm_failed("enabling AVX state");
	k->cr4 |= CR4_OSXSAVE;
	return 0;
}

static int create_vcpu(struct vcpu_kvm *k, int kvm_fd)
{
	int bytes = ioctl(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	int sync = ioctl(kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_SYNC_REGS);
	int need = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;

	if (bytes >= 0 && bytes < (int)sizeof(*k->run))
		errno = ENOTSUP;
	if (bytes < (int)sizeof(*k->run))
		return kvm_failed("size of the vCPU's shared page");
	k->fd = ioctl(k->vm_fd, KVM_CREATE_VCPU, 0);
	if (k->fd < 0)
		return kvm_failed("creating a vCPU");
	k->run_bytes = (size_t)bytes;
	k->run = mmap(NULL, k->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		      k->fd, 0);
	if (k->run == MAP_FAILED) {
		close(k->fd);
		return kvm_failed("mapping the vCPU's shared page");
	}
	k->sync_regs = (sync & need) == need && !getenv("TENDER_NO_SYNC_REGS");
	if (k->sync_regs)
		k->run->kvm_valid_regs = KVM_SYNC_X86_REGS;
	return 0;
}

static int give_window(struct vcpu_kvm *k, unsigned number)
{
	const struct guest_window *w = &k->mem->window[number];
	struct kvm_userspace_memory_region slot = {
		.slot = number + 1,
		.guest_phys_addr = w->start,
		.memory_size = w->end - w->start,
		.userspace_addr = (uintptr_t)w->at,
	};

	/* Its tables deny writing; what it has no page for is a fault. */
	return ioctl(k->vm_fd, KVM_SET_USER_MEMORY_REGION, &slot) < 0
		       ? kvm_failed("giving the VM a mapped disk")
		       : 0;
}

static int create_vm(struct vcpu_kvm *k, int kvm_fd)
{
	struct kvm_userspace_memory_region slot = {
		.memory_size = k->mem->mapped_bytes,
		.userspace_addr = (uintptr_t)k->mem->base,
	};

	k->vm_fd = ioctl(kvm_fd, KVM_CREATE_VM, 0);
	if (k->vm_fd < 0)
		return kvm_failed("creating a VM");
	if (ioctl(k->vm_fd, KVM_SET_USER_MEMORY_REGION, &slot) < 0) {
		close(k->vm_fd);
		return kvm_failed("giving the VM its memory");
	}
	for (unsigned i = 0; i < k->mem->window_count; i++) {
		int err = give_window(k, i);

		if (err) {
			close(k->vm_fd);
			return err;
		}
	}
	return 0;
}

/* The CPU must be able to name what the guest is to read. */
static int check_windows(const struct guest_mem *mem, unsigned address_bits)
{
	unsigned n = mem->window_count;

	if (!n || address_bits > 63 ||
	    mem->window[n - 1].end <= 1ULL << address_bits)
		return 0;
	log_error("KVM: this CPU's addresses of %u bits do not reach the end "
		  "of the mapped disks; leave out map",
		  address_bits);
	return -ENOTSUP;
}

void kvm_destroy(struct vcpu *vcpu)
{
	struct vcpu_kvm *k = kvm_of(vcpu);

	munmap(k->run, k->run_bytes);
	close(k->fd);
	close(k->vm_fd);
	free(k);
}

int kvm_create(struct vcpu **vcpu, struct guest_mem *mem, bool drop_ids)
{
	struct vcpu_kvm *k = calloc(1, sizeof(*k));
	struct cpuid_set set;
	int kvm_fd, err, khz;

	(void)drop_ids; /* no process of its own */
	if (!k)
		return -ENOMEM;
	k->vcpu.ops = &vcpu_kvm_ops;
	k->mem = mem;
	kvm_fd = open_kvm();
	err = kvm_fd;
	if (kvm_fd < 0) {
		log_error("%s, or run with --cpu=process", why_no_kvm(-kvm_fd));
		goto free_vcpu;
	}
	err = create_vm(k, kvm_fd);
	if (err)
		goto close_kvm;
	err = create_vcpu(k, kvm_fd);
	if (err)
		goto close_vm;
	cpuid_curate(&set);
	err = check_windows(mem, set.address_bits);
	if (!err)
		err = set_cpuid(k, &set);
	if (err)
		goto close_vcpu;
	khz = ioctl(k->fd, KVM_GET_TSC_KHZ, 0);
	if (khz <= 0) {
		errno = khz ? errno : ENOTSUP;
		err = kvm_failed("frequency of the TSC");
		goto close_vcpu;
	}
	close(kvm_fd);
	k->features.tsc_hz = (uint64_t)khz * 1000;
	k->features.boot_flags = set.fsgsbase ? BP_BOOT_FSGSBASE : 0;
	*vcpu = &k->vcpu;
	return 0;

close_vcpu:
	munmap(k->run, k->run_bytes);
	close(k->fd);
close_vm:
	close(k->vm_fd);
close_kvm:
	close(kvm_fd);
free_vcpu:
	free(k);
	return err;
}

void kvm_user_segments(struct kvm_sregs *s)
{
	s->ss = (struct kvm_segment){
		.limit = 0xffffffff,
		.selector = TRAP_SELECTOR_USER_DATA,
		.type = 3,
		.present = 1,
		.dpl = 3,
		.db = 1,
		.s = 1,
		.g = 1,
	};
	s->cs = s->ss;
	s->cs.selector = TRAP_SELECTOR_USER_CODE;
	s->cs.type = 11;
	s->cs.db = 0;
	s->cs.l = 1;
}

/* 64-bit mode at ring 3 (SDM volume 3, 9.8.5, with everything done at once). */
static void initial_sregs(const struct vcpu_kvm *k, uint64_t cr3,
			  struct kvm_sregs *s)
{
	memset(s, 0, sizeof(*s));
	s->cr0 = CR0_BITS;
	s->cr3 = cr3;
	s->cr4 = k->cr4;
	s->efer = EFER_BITS;
	s->apic_base = APIC_BASE_BITS;
	kvm_user_segments(s);
	s->ds = s->es = s->fs = s->gs = s->ss;
	s->ldt.unusable = 1;
	s->ldt.type = 2;
	s->tr = (struct kvm_segment){
		.base = TRAP_TSS_GPA,
		.limit = TRAP_TSS_BYTES - 1,
		.selector = TRAP_SELECTOR_TSS,
		.type = 11,
		.present = 1,
	};
	s->gdt.base = TRAP_GDT_GPA;
	s->gdt.limit = TRAP_GDT_BYTES - 1;
	s->idt.base = TRAP_IDT_GPA;
	s->idt.limit = TRAP_IDT_BYTES - 1;
}

int kvm_prepare(struct vcpu *vcpu, const struct vcpu_start *start,
		struct vcpu_features *features)
{
	struct vcpu_kvm *k = kvm_of(vcpu);

	trap_pages_write(k->mem);
	page_table_build(&k->tables, k->mem);
	initial_sregs(k, k->tables.top, &k->sregs);
	*regs_of(k) = (struct kvm_regs){
		.rip = start->pc,
		.rsp = start->sp,
		.rdi = start->arg,
		.rflags = KVM_RFLAGS_START,
	};
	regs_changed(k);
	*features = k->features;
	if (k->sync_regs) {
		k->run->s.regs.sregs = k->sregs;
		k->run->kvm_dirty_regs |= KVM_SYNC_X86_SREGS;
	} else if (ioctl(k->fd, KVM_SET_SREGS, &k->sregs) < 0) {
		return kvm_failed("setting the initial state");
	}
	return 0;
}
