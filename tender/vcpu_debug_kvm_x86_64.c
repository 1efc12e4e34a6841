/* SPDX-License-Identifier: ISC */
/*
 * Debugging a guest on KVM.
 *
 * THEORY OF OPERATION
 * The guest debugs itself, as it were: RFLAGS.TF and the debug registers are
 * those of its vCPU, set from outside, and the exception they raise comes
 * through a trap stub like any other. So it works on hosts whose KVM knows
 * nothing of KVM_SET_GUEST_DEBUG. TF is set only while the guest steps, and
 * never in what a debugger reads.
 */
#include "vcpu_debug.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "cpu_state.h"
#include "debug_regs_x86_64.h"
#include "guest_memory.h"
#include "kvm_x86_64.h"
#include "trap_x86_64.h"

/* In the region of struct kvm_xsave (Intel SDM volume 1, 13.4.2). */
#define XSTATE_BV     128
#define XSTATE_LEGACY 3u /* x87 and SSE */

static int settle(struct vcpu_kvm *k)
{
	struct kvm_regs *regs = regs_of(k), guest = *regs;

	/* A hypercall that is stepped over shall not trap as well. */
	if (!k->in_stub && regs->rflags & CPU_RFLAGS_TF) {
		regs->rflags &= ~CPU_RFLAGS_TF;
		regs_changed(k);
	}
	if (kvm_complete_io(k) < 0)
		return -EIO;
	/* seccomp: ioctl KVM_GET_REGS on the vCPU */
	if (ioctl(k->fd, KVM_GET_REGS, regs) < 0)
		return kvm_failed("reading registers");
	if (k->in_stub)
		*regs = guest;
	regs->rflags &= ~CPU_RFLAGS_TF;
	regs_changed(k);
	return 0;
}

/* KVM_GET_FPU has no MXCSR on some hosts. */
static int read_fpu(struct vcpu_kvm *k, struct cpu_fxsave *fpu)
{
	struct kvm_xsave all;

	/* seccomp: ioctl KVM_GET_XSAVE on the vCPU */
	if (ioctl(k->fd, KVM_GET_XSAVE, &all) < 0)
		return kvm_failed("reading floating-point registers");
	memcpy(fpu, all.region, sizeof(*fpu));
	return 0;
}

static int write_fpu(struct vcpu_kvm *k, const struct cpu_fxsave *fpu)
{
	struct kvm_xsave all;

	/* seccomp: ioctl KVM_GET_XSAVE, KVM_SET_XSAVE on the vCPU */
	if (ioctl(k->fd, KVM_GET_XSAVE, &all) < 0)
		return kvm_failed("reading floating-point registers");
	if (!memcmp(all.region, fpu, sizeof(*fpu)))
		return 0;
	memcpy(all.region, fpu, sizeof(*fpu));
	all.region[XSTATE_BV] |= XSTATE_LEGACY;
	if (ioctl(k->fd, KVM_SET_XSAVE, &all) < 0)
		return kvm_failed("writing floating-point registers");
	return 0;
}

static int debug_read(struct vcpu *vcpu, struct cpu_state *state)
{
	struct vcpu_kvm *k = kvm_of(vcpu);
	struct kvm_sregs *s = &k->sregs;

	if (settle(k) < 0)
		return -EIO;
	/* seccomp: ioctl KVM_GET_SREGS on the vCPU */
	if (ioctl(k->fd, KVM_GET_SREGS, s) < 0)
		return kvm_failed("reading segments");
	memset(state, 0, sizeof(*state));
	if (read_fpu(k, &state->fpu) < 0)
		return -EIO;
	state->regs = *regs_of(k);
	state->fs_base = s->fs.base;
	state->gs_base = s->gs.base;
	state->segment[CPU_CS] =
		k->in_stub ? TRAP_SELECTOR_USER_CODE : s->cs.selector;
	state->segment[CPU_SS] =
		k->in_stub ? TRAP_SELECTOR_USER_DATA : s->ss.selector;
	state->segment[CPU_DS] = s->ds.selector;
	state->segment[CPU_ES] = s->es.selector;
	state->segment[CPU_FS] = s->fs.selector;
	state->segment[CPU_GS] = s->gs.selector;
	return 0;
}

/* Selectors stay as they are: a guest at ring 3 has no use for others. */
static int debug_write(struct vcpu *vcpu, const struct cpu_state *state)
{
	struct vcpu_kvm *k = kvm_of(vcpu);
	struct kvm_sregs *s = &k->sregs;

	/* seccomp: ioctl KVM_GET_SREGS, KVM_SET_SREGS on the vCPU */
	if (ioctl(k->fd, KVM_GET_SREGS, s) < 0)
		return kvm_failed("reading segments");
	s->fs.base = state->fs_base;
	s->gs.base = state->gs_base;
	if (k->in_stub)
		kvm_user_segments(s);
	if (ioctl(k->fd, KVM_SET_SREGS, s) < 0)
		return kvm_failed("writing segments");
	if (write_fpu(k, &state->fpu) < 0)
		return -EIO;
	*regs_of(k) = state->regs;
	if (k->stepping)
		regs_of(k)->rflags |= CPU_RFLAGS_TF;
	regs_changed(k);
	k->in_stub = false;
	return 0;
}

static int debug_step(struct vcpu *vcpu, bool on)
{
	kvm_of(vcpu)->stepping = on;
	return 0;
}

static int set_debug_regs(struct vcpu_kvm *k, const struct vcpu_watch *watch,
			  unsigned count)
{
	struct kvm_debugregs d = {0};

	/* seccomp: ioctl KVM_GET_DEBUGREGS, KVM_SET_DEBUGREGS on the vCPU */
	if (ioctl(k->fd, KVM_GET_DEBUGREGS, &d) < 0)
		return kvm_failed("reading debug registers");
	for (unsigned i = 0; i < VCPU_MAX_WATCHES; i++)
		d.db[i] = i < count ? watch[i].address : 0;
	d.dr7 = debug_regs_control(watch, count);
	if (ioctl(k->fd, KVM_SET_DEBUGREGS, &d) < 0)
		return kvm_failed("writing debug registers");
	return 0;
}

/*
 * Some hosts take debug registers and ignore them. So the guest steps over a
 * `nop` that is put there for that, once, with a breakpoint on it: if they
 * work it does not get past it. 0, -ENOTSUP, or -errno after printing why.
 */
static int try_debug_regs(struct vcpu_kvm *k, uint64_t pc)
{
	const struct vcpu_watch watch = {VCPU_WATCH_EXEC, pc, 1};
	const uint8_t nop = 0x90;
	uint8_t *code = guest_mem_debug(k->mem, pc, 1), byte;
	struct cpu_state state, saved = {0};
	struct vcpu_exit exit = {.kind = VCPU_INTERRUPTED};
	int err;

	if (!code)
		return -ENOTSUP;
	err = debug_read(&k->vcpu, &saved);
	if (err)
		return err;
	state = saved;
	state.regs.rip = pc;
	byte = *code;
	*code = nop;
	k->stepping = true;
	err = set_debug_regs(k, &watch, 1);
	if (!err)
		err = debug_write(&k->vcpu, &state);
	do {
		if (!err)
			err = k->vcpu.ops->run(&k->vcpu, &exit);
	} while (!err && exit.kind == VCPU_INTERRUPTED);
	k->stepping = false;
	*code = byte;
	if (!err)
		err = debug_read(&k->vcpu, &state);
	if (!err && state.regs.rip != pc)
		err = -ENOTSUP;
	/* As it was, and not in a stub. */
	if (!err || err == -ENOTSUP)
		if (debug_write(&k->vcpu, &saved) < 0)
			err = -EIO;
	return err;
}

static int debug_watch(struct vcpu *vcpu, const struct vcpu_watch *watch,
		       unsigned count)
{
	struct vcpu_kvm *k = kvm_of(vcpu);
	bool stepping = k->stepping;
	int err;

	if (count && k->debug_regs == DEBUG_REGS_UNTRIED) {
		err = try_debug_regs(k, regs_of(k)->rip);
		k->stepping = stepping;
		if (err && err != -ENOTSUP)
			return err;
		k->debug_regs = err ? DEBUG_REGS_DEAD : DEBUG_REGS_WORK;
	}
	if (count && k->debug_regs == DEBUG_REGS_DEAD)
		return -ENOTSUP;
	return set_debug_regs(k, watch, count);
}

static int debug_watch_hits(struct vcpu *vcpu, unsigned *hits)
{
	struct vcpu_kvm *k = kvm_of(vcpu);
	struct kvm_debugregs d = {0};

	if (ioctl(k->fd, KVM_GET_DEBUGREGS, &d) < 0)
		return kvm_failed("reading debug registers");
	*hits = (unsigned)d.dr6 & DEBUG_REGS_HITS;
	/* The CPU sets these bits and never clears them. */
	d.dr6 &= ~(uint64_t)DEBUG_REGS_HITS;
	if (ioctl(k->fd, KVM_SET_DEBUGREGS, &d) < 0)
		return kvm_failed("writing debug registers");
	return 0;
}

const struct vcpu_debug_ops vcpu_kvm_debug_ops = {
	.read = debug_read,
	.write = debug_write,
	.step = debug_step,
	.watch = debug_watch,
	.watch_hits = debug_watch_hits,
};
