/* SPDX-License-Identifier: ISC */
/*
 * vCPU on KVM.
 *
 * THEORY OF OPERATION
 * The VM starts in 64-bit mode at ring 3, with the tables of page_table and
 * trap in place, and stays there: the only ring-0 code is the trap stubs. All
 * general registers pass through the shared kvm_run page (KVM_CAP_SYNC_REGS),
 * so that an exit costs one system call; where that capability is missing,
 * registers are fetched and stored by ioctl around KVM_RUN, behind the same
 * two functions. A result written to RAX takes effect together with KVM's own
 * completion of the `out`, at the next KVM_RUN.
 *
 * kvm_run's I/O fields are written by KVM; the guest has no access to them.
 */
#include "vcpu.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "boot_info.h"
#include "cpuid_x86_64.h"
#include "guest_memory.h"
#include "log.h"
#include "page_table_x86_64.h"
#include "regs_x86_64.h"
#include "trap_x86_64.h"
#include "vcpu_kvm_x86_64.h"

/* Intel SDM volume 3, 2.5 "Control registers", and 2.2.1 for EFER. */
#define CR0_BITS       0x80050033ULL /* PG AM WP NE ET MP PE */
#define CR4_BITS       0x620ULL	     /* OSXMMEXCPT OSFXSR PAE */
#define CR4_FSGSBASE   (1ULL << 16)
#define CR4_OSXSAVE    (1ULL << 18)
#define EFER_BITS      0xd00ULL	     /* NXE LMA LME; no SCE: `syscall` traps */
#define RFLAGS_BITS    0x3202ULL     /* IOPL 3, IF, and bit 1 */
#define APIC_BASE_BITS 0xfee00900ULL /* reset value of the first CPU */

int kvm_failed(const char *what)
{
	int err = errno;

	log_error("KVM: %s: %s; see the host's kernel log", what,
		  strerror(err));
	return -err;
}

static const char *why_no_kvm(int err)
{
	if (err == ENOENT || err == ENODEV || err == ENXIO)
		return "/dev/kvm is not there: load the kvm_intel or kvm_amd "
		       "module, or enable (nested) virtualization on this host";
	if (err == EACCES || err == EPERM)
		return "no permission on /dev/kvm: join its group (usually "
		       "'sudo usermod -aG kvm $USER', then log in again)";
	return "/dev/kvm cannot be opened";
}

static int open_kvm(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static const char *kvm_unusable(void)
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
	return 0;
}

static void kvm_destroy(struct vcpu *vcpu)
{
	struct vcpu_kvm *k = vcpu_kvm_of(vcpu);

	munmap(k->run, k->run_bytes);
	close(k->fd);
	close(k->vm_fd);
	free(k);
}

static int kvm_create(struct vcpu **vcpu, struct guest_mem *mem, bool drop_ids)
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

/* Flat code and data of ring 3. */
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

static void kernel_segments(struct kvm_sregs *s)
{
	kvm_user_segments(s);
	s->cs.dpl = s->ss.dpl = 0;
	s->cs.selector = TRAP_SELECTOR_KERNEL_CODE;
	s->ss.selector = TRAP_SELECTOR_KERNEL_DATA;
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

static int kvm_prepare(struct vcpu *vcpu, const struct vcpu_start *start,
		       struct vcpu_features *features)
{
	struct vcpu_kvm *k = vcpu_kvm_of(vcpu);

	trap_pages_write(k->mem);
	page_table_build(&k->tables, k->mem);
	initial_sregs(k, k->tables.top, &k->sregs);
	*kvm_regs_of(k) = (struct kvm_regs){
		.rip = start->pc,
		.rsp = start->sp,
		.rdi = start->arg,
		.rflags = RFLAGS_BITS,
	};
	kvm_regs_changed(k);
	*features = k->features;
	if (k->sync_regs) {
		k->run->s.regs.sregs = k->sregs;
		k->run->kvm_dirty_regs |= KVM_SYNC_X86_SREGS;
	} else if (ioctl(k->fd, KVM_SET_SREGS, &k->sregs) < 0) {
		return kvm_failed("setting the initial state");
	}
	return 0;
}

static int get_sregs(struct vcpu_kvm *k)
{
	/* seccomp: ioctl KVM_GET_SREGS on the vCPU */
	return ioctl(k->fd, KVM_GET_SREGS, &k->sregs) < 0
		       ? kvm_failed("reading segments")
		       : 0;
}

static int set_sregs(struct vcpu_kvm *k)
{
	/* seccomp: ioctl KVM_SET_SREGS on the vCPU */
	return ioctl(k->fd, KVM_SET_SREGS, &k->sregs) < 0
		       ? kvm_failed("writing segments")
		       : 0;
}

static int report_trap(struct vcpu_kvm *k, struct vcpu_exit *exit)
{
	struct kvm_regs *regs = kvm_regs_of(k);
	struct trap_frame frame;

	if (!trap_frame_read(k->mem, regs->rsp, &frame)) {
		log_error("KVM: a trap stub reported from a wrong stack");
		return -EIO;
	}
	if (get_sregs(k))
		return -EIO;
	regs->rip = frame.rip;
	regs->rsp = frame.rsp;
	regs->rflags = frame.rflags;
	trap_describe(k->mem, &frame, k->sregs.cr2, exit);
	k->in_stub = true;
	return 0;
}

static int handle_io(struct vcpu_kvm *k, struct vcpu_exit *exit)
{
	const struct kvm_regs *regs = kvm_regs_of(k);
	const struct kvm_run *run = k->run;

	if (run->io.port == TRAP_PORT && trap_is_stub(regs->rip))
		return report_trap(k, exit);
	regs_call(regs,
		  run->io.direction == KVM_EXIT_IO_OUT && run->io.size == 4 &&
				  run->io.count == 1
			  ? run->io.port
			  : 0,
		  exit);
	return 0;
}

static int handle_exit(struct vcpu_kvm *k, struct vcpu_exit *exit)
{
	switch (k->run->exit_reason) {
	case KVM_EXIT_IO:
		return handle_io(k, exit);
	case KVM_EXIT_INTR:
		exit->kind = VCPU_INTERRUPTED;
		return 0;
	case KVM_EXIT_SHUTDOWN:
		vcpu_exit_trap(exit, SIGSEGV, "triple fault");
		return 0;
	case KVM_EXIT_MMIO:
		vcpu_exit_trap(exit, SIGSEGV, "access outside guest memory");
		return 0;
	case KVM_EXIT_INTERNAL_ERROR:
		vcpu_exit_trap(exit, SIGILL,
			       "an instruction this host's KVM cannot emulate");
		return 0;
	default:
		log_error("KVM: unexpected exit %u; please report this",
			  k->run->exit_reason);
		return -EIO;
	}
}

static void kvm_handles(const struct vcpu *vcpu, struct vcpu_handles *handles)
{
	handles->fd = ((const struct vcpu_kvm *)vcpu)->fd;
}

/* One KVM_RUN. 0; 1 when a signal ended it; -errno after printing why. */
static int enter_guest(struct vcpu_kvm *k)
{
	int err, interrupted = 0;

	if (k->regs_dirty && ioctl(k->fd, KVM_SET_REGS, &k->regs) < 0)
		return kvm_failed("writing registers");
	k->regs_dirty = false;
	/* seccomp: ioctl KVM_RUN on the vCPU */
	if (ioctl(k->fd, KVM_RUN, 0) < 0) {
		/* EAGAIN: no room for a thread of KVM's own (ulimit -u). */
		err = errno;
		if (err != EINTR)
			return kvm_failed("running the guest");
		interrupted = 1;
	}
	/* seccomp: ioctl KVM_GET_REGS, KVM_SET_REGS on the vCPU */
	if (!k->sync_regs && ioctl(k->fd, KVM_GET_REGS, &k->regs) < 0)
		return kvm_failed("reading registers");
	return interrupted;
}

static int kvm_run(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	struct vcpu_kvm *k = vcpu_kvm_of(vcpu);
	int interrupted = enter_guest(k);

	if (interrupted < 0)
		return interrupted;
	if (!interrupted)
		return handle_exit(k, exit);
	/* Whoever kicked left a note, which is looked at after this. */
	k->kicked = 0;
	k->run->immediate_exit = 0;
	exit->kind = VCPU_INTERRUPTED;
	return 0;
}

/*
 * Has KVM complete the `out` that the vCPU stands at, which else it would do
 * later, with the registers that are there then.
 */
int kvm_complete_io(struct vcpu_kvm *k)
{
	int err;

	k->run->immediate_exit = 1;
	err = enter_guest(k);
	k->run->immediate_exit = 0;
	if (k->kicked)
		k->run->immediate_exit = 1;
	if (err > 0)
		return 0;
	if (!err)
		log_error("KVM: it ran where it should not");
	return err ? err : -EIO;
}

static int kvm_interrupted(struct vcpu *vcpu, struct bp_upcall_frame *frame)
{
	struct vcpu_kvm *k = vcpu_kvm_of(vcpu);
	const struct kvm_regs *regs = kvm_regs_of(k);
	struct kvm_vcpu_events events = {0};

	if (!k->in_stub) {
		/* An exception may be on its way, or its stub not done. */
		if (trap_is_stub(regs->rip))
			return -EAGAIN;
		/* seccomp: ioctl KVM_GET_VCPU_EVENTS on the vCPU */
		if (ioctl(k->fd, KVM_GET_VCPU_EVENTS, &events) < 0)
			return kvm_failed("reading what is pending");
		if (events.exception.injected || events.exception.pending)
			return -EAGAIN;
	}
	regs_frame(regs, frame);
	return 0;
}

/* From ring 0, where a stub stands at its `out`. */
static int leave_stub(struct vcpu_kvm *k)
{
	int err = kvm_complete_io(k);

	if (err)
		return err;
	kvm_user_segments(&k->sregs);
	k->in_stub = false;
	return set_sregs(k);
}

static int kvm_enter(struct vcpu *vcpu, uint64_t pc, uint64_t sp, uint64_t arg)
{
	struct vcpu_kvm *k = vcpu_kvm_of(vcpu);
	struct kvm_regs regs = *kvm_regs_of(k);
	int err = k->in_stub ? leave_stub(k) : 0;

	if (err)
		return err;
	regs.rip = pc;
	regs.rsp = sp;
	regs.rdi = arg;
	regs.rflags = RFLAGS_BITS;
	*kvm_regs_of(k) = regs;
	kvm_regs_changed(k);
	return 0;
}

static void kvm_set_result(struct vcpu *vcpu, uint64_t result)
{
	struct vcpu_kvm *k = vcpu_kvm_of(vcpu);

	kvm_regs_of(k)->rax = result;
	kvm_regs_changed(k);
}

static int kvm_set_tls(struct vcpu *vcpu, uint64_t address)
{
	struct vcpu_kvm *k = vcpu_kvm_of(vcpu);

	int err = get_sregs(k);

	if (err)
		return err;
	k->sregs.fs.base = address;
	return set_sregs(k);
}

/* In ring 0, has the list's entries written. */
static int run_writer(struct vcpu_kvm *k, unsigned entries)
{
	int err;

	*kvm_regs_of(k) = (struct kvm_regs){
		.rip = TRAP_WRITER_GPA,
		.rsp = TRAP_STACK_GPA + BP_PAGE_BYTES,
		.rsi = TRAP_LIST_GPA,
		.rcx = entries,
		.rflags = 2,
	};
	kvm_regs_changed(k);
	do {
		k->run->immediate_exit = 0;
		err = enter_guest(k);
	} while (err > 0);
	if (!err && (k->run->exit_reason != KVM_EXIT_IO ||
		     kvm_regs_of(k)->rip - TRAP_WRITER_END > 2)) {
		log_error("KVM: exit %u at 0x%llx while protecting memory",
			  k->run->exit_reason,
			  (unsigned long long)kvm_regs_of(k)->rip);
		err = -EIO;
	}
	return err ? err : kvm_complete_io(k);
}

/*
 * The CPU changes its tables itself, as a program of the guest's would: where
 * KVM shadows them, it does not see what the host writes there.
 */
static int kvm_map(struct vcpu *vcpu, uint64_t start, uint64_t end,
		   unsigned access)
{
	const unsigned most = BP_PAGE_BYTES / sizeof(struct page_table_write);
	struct vcpu_kvm *k = vcpu_kvm_of(vcpu);
	struct kvm_segment cs, ss;
	struct kvm_regs regs;
	int err = kvm_complete_io(k);

	if (!err)
		err = get_sregs(k);
	if (err)
		return err;
	regs = *kvm_regs_of(k);
	cs = k->sregs.cs;
	ss = k->sregs.ss;
	kernel_segments(&k->sregs);
	err = set_sregs(k);
	while (!err && start < end)
		err = run_writer(k, page_table_change(&k->tables, &start, end,
						      access, trap_list(k->mem),
						      most));
	if (err)
		return err;
	k->sregs.cs = cs;
	k->sregs.ss = ss;
	*kvm_regs_of(k) = regs;
	kvm_regs_changed(k);
	return set_sregs(k);
}

static void kvm_place(struct vcpu *vcpu, struct vcpu_place *place)
{
	regs_place(kvm_regs_of(vcpu_kvm_of(vcpu)), place);
}

static void kvm_format_registers(struct vcpu *vcpu, char *text, size_t bytes)
{
	regs_format(kvm_regs_of(vcpu_kvm_of(vcpu)), text, bytes);
}

static void kvm_kick(struct vcpu *vcpu)
{
	vcpu_kvm_of(vcpu)->kicked = 1;
	vcpu_kvm_of(vcpu)->run->immediate_exit = 1;
}

const struct vcpu_ops vcpu_kvm_ops = {
	.name = "kvm",
	.table_bytes = page_table_bytes,
	.unusable = kvm_unusable,
	.made_of = cpuid_virtualization,
	.create = kvm_create,
	.destroy = kvm_destroy,
	.prepare = kvm_prepare,
	.handles = kvm_handles,
	.run = kvm_run,
	.set_result = kvm_set_result,
	.set_tls = kvm_set_tls,
	.map = kvm_map,
	.place = kvm_place,
	.format_registers = kvm_format_registers,
	.interrupted = kvm_interrupted,
	.enter = kvm_enter,
	.kick = kvm_kick,
	.debug = &vcpu_kvm_debug_ops,
};
