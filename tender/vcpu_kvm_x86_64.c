/* SPDX-License-Identifier: ISC */
/*
 * vCPU on KVM.
 *
 * THEORY OF OPERATION
 * The VM starts in 64-bit mode at ring 3, with the tables of page_table and
 * trap in place, and stays there: the only ring-0 code is that of trap. All
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
#include <linux/kvm.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>

#include "cpuid_x86_64.h"
#include "guest_memory.h"
#include "kvm_x86_64.h"
#include "log.h"
#include "regs_x86_64.h"
#include "trap_x86_64.h"

int kvm_failed(const char *what)
{
	int err = errno;

	log_error("KVM: %s: %s; see the host's kernel log", what,
		  strerror(err));
	return -err;
}

int kvm_get_sregs(struct vcpu_kvm *k)
{
	/* seccomp: ioctl KVM_GET_SREGS on the vCPU */
	return ioctl(k->fd, KVM_GET_SREGS, &k->sregs) < 0
		       ? kvm_failed("reading segments")
		       : 0;
}

int kvm_set_sregs(struct vcpu_kvm *k)
{
	/* seccomp: ioctl KVM_SET_SREGS on the vCPU */
	return ioctl(k->fd, KVM_SET_SREGS, &k->sregs) < 0
		       ? kvm_failed("writing segments")
		       : 0;
}

static int report_trap(struct vcpu_kvm *k, struct vcpu_exit *exit)
{
	struct kvm_regs *regs = regs_of(k);
	struct trap_frame frame;

	if (!trap_frame_read(k->mem, regs->rsp, &frame)) {
		log_error("KVM: a trap stub reported from a wrong stack");
		return -EIO;
	}
	if (kvm_get_sregs(k))
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
	const struct kvm_regs *regs = regs_of(k);
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

int kvm_enter_guest(struct vcpu_kvm *k)
{
	int err, ended = 0;

	if (k->regs_dirty && ioctl(k->fd, KVM_SET_REGS, &k->regs) < 0)
		return kvm_failed("writing registers");
	k->regs_dirty = false;
	/* seccomp: ioctl KVM_RUN on the vCPU */
	if (ioctl(k->fd, KVM_RUN, 0) < 0) {
		/* EAGAIN: no room for a thread of KVM's own (ulimit -u). */
		err = errno;
		/* What stands at its instruction, as after an interrupt. */
		if (err != EINTR && (err != EFAULT || !k->mem->window_count))
			return kvm_failed("running the guest");
		ended = err == EINTR ? KVM_INTERRUPTED : KVM_NO_DATA;
	}
	/* seccomp: ioctl KVM_GET_REGS, KVM_SET_REGS on the vCPU */
	if (!k->sync_regs && ioctl(k->fd, KVM_GET_REGS, &k->regs) < 0)
		return kvm_failed("reading registers");
	return ended;
}

static int kvm_run(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	struct vcpu_kvm *k = kvm_of(vcpu);
	int ended = kvm_enter_guest(k);

	if (ended < 0)
		return ended;
	if (!ended)
		return handle_exit(k, exit);
	if (ended == KVM_NO_DATA) {
		vcpu_exit_no_data(exit);
		return 0;
	}
	/* Whoever kicked left a note, which is looked at after this. */
	k->kicked = 0;
	k->run->immediate_exit = 0;
	exit->kind = VCPU_INTERRUPTED;
	return 0;
}

int kvm_complete_io(struct vcpu_kvm *k)
{
	int err;

	k->run->immediate_exit = 1;
	err = kvm_enter_guest(k);
	k->run->immediate_exit = 0;
	if (k->kicked)
		k->run->immediate_exit = 1;
	if (err == KVM_INTERRUPTED)
		return 0;
	if (err >= 0)
		log_error("KVM: it ran where it should not");
	return err < 0 ? err : -EIO;
}

static int kvm_interrupted(struct vcpu *vcpu, struct bp_upcall_frame *frame)
{
	struct vcpu_kvm *k = kvm_of(vcpu);
	const struct kvm_regs *regs = regs_of(k);
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
	return kvm_set_sregs(k);
}

static int kvm_enter(struct vcpu *vcpu, uint64_t pc, uint64_t sp, uint64_t arg)
{
	struct vcpu_kvm *k = kvm_of(vcpu);
	struct kvm_regs regs = *regs_of(k);
	int err = k->in_stub ? leave_stub(k) : 0;

	if (err)
		return err;
	regs.rip = pc;
	regs.rsp = sp;
	regs.rdi = arg;
	regs.rflags = KVM_RFLAGS_START;
	*regs_of(k) = regs;
	regs_changed(k);
	return 0;
}

static void kvm_set_result(struct vcpu *vcpu, uint64_t result)
{
	struct vcpu_kvm *k = kvm_of(vcpu);

	regs_of(k)->rax = result;
	regs_changed(k);
}

static int kvm_set_tls(struct vcpu *vcpu, uint64_t address)
{
	struct vcpu_kvm *k = kvm_of(vcpu);

	int err = kvm_get_sregs(k);

	if (err)
		return err;
	k->sregs.fs.base = address;
	return kvm_set_sregs(k);
}

static void kvm_place(struct vcpu *vcpu, struct vcpu_place *place)
{
	regs_place(regs_of(kvm_of(vcpu)), place);
}

static void kvm_format_registers(struct vcpu *vcpu, char *text, size_t bytes)
{
	regs_format(regs_of(kvm_of(vcpu)), text, bytes);
}

static void kvm_kick(struct vcpu *vcpu)
{
	kvm_of(vcpu)->kicked = 1;
	kvm_of(vcpu)->run->immediate_exit = 1;
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
