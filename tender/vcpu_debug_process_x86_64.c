/* SPDX-License-Identifier: ISC */
/* Debugging a guest in a process: all of it is ptrace(2). */
#include "vcpu_debug.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <unistd.h>

#include "cpu_state.h"
#include "debug_regs_x86_64.h"
#include "log.h"
#include "vcpu_process_x86_64.h"

#define DEBUG_OFFSET(i) \
	(offsetof(struct user, u_debugreg) + (i) * sizeof(uint64_t))
#define DR_STATUS  6u
#define DR_CONTROL 7u

/* A general register here, and in its struct kvm_regs. */
#define REGISTER(user, kvm)                              \
	{                                                \
		offsetof(struct user_regs_struct, user), \
			offsetof(struct cpu_state, kvm)  \
	}

static const struct {
	size_t user, state;
} registers[] = {
	REGISTER(rax, regs.rax),    REGISTER(rbx, regs.rbx),
	REGISTER(rcx, regs.rcx),    REGISTER(rdx, regs.rdx),
	REGISTER(rsi, regs.rsi),    REGISTER(rdi, regs.rdi),
	REGISTER(rsp, regs.rsp),    REGISTER(rbp, regs.rbp),
	REGISTER(r8, regs.r8),	    REGISTER(r9, regs.r9),
	REGISTER(r10, regs.r10),    REGISTER(r11, regs.r11),
	REGISTER(r12, regs.r12),    REGISTER(r13, regs.r13),
	REGISTER(r14, regs.r14),    REGISTER(r15, regs.r15),
	REGISTER(rip, regs.rip),    REGISTER(eflags, regs.rflags),
	REGISTER(fs_base, fs_base), REGISTER(gs_base, gs_base),
};

#define REGISTER_COUNT (sizeof(registers) / sizeof(registers[0]))

_Static_assert(sizeof(struct user_fpregs_struct) == sizeof(struct cpu_fxsave),
	       "both are FXSAVE's");

static int peek(struct vcpu_process *p, uint64_t offset, uint64_t *value)
{
	/* The system call itself, as C libraries differ in what theirs does. */
	/* seccomp: ptrace on the guest's process */
	if (syscall(SYS_ptrace, (long)PTRACE_PEEKUSER, (long)p->child.pid,
		    offset, value) >= 0)
		return 0;
	log_error("process vCPU: reading a register: %s", strerror(errno));
	return -EIO;
}

static int debug_read(struct vcpu *vcpu, struct cpu_state *state)
{
	struct vcpu_process *p = vcpu_process_of(vcpu);
	struct user_regs_struct user;
	int err = process_settle(p);

	memset(state, 0, sizeof(*state));
	if (!err)
		err = tracee_request(&p->child, PTRACE_GETREGS, 0, &user,
				     "reading registers");
	if (!err)
		err = tracee_request(&p->child, PTRACE_GETFPREGS, 0,
				     &state->fpu,
				     "reading floating-point registers");
	if (err)
		return err;
	for (size_t i = 0; i < REGISTER_COUNT; i++)
		memcpy((char *)state + registers[i].state,
		       (char *)&user + registers[i].user, sizeof(uint64_t));
	/* A system call that was refused has moved on; what says so is here. */
	state->regs.rip = p->regs.rip;
	state->regs.rax = p->regs.rax;
	state->segment[CPU_CS] = (uint32_t)user.cs;
	state->segment[CPU_SS] = (uint32_t)user.ss;
	state->segment[CPU_DS] = (uint32_t)user.ds;
	state->segment[CPU_ES] = (uint32_t)user.es;
	state->segment[CPU_FS] = (uint32_t)user.fs;
	state->segment[CPU_GS] = (uint32_t)user.gs;
	return 0;
}

/* Only what differs: a guest may have set what ptrace would refuse. */
static int debug_write(struct vcpu *vcpu, const struct cpu_state *state)
{
	struct vcpu_process *p = vcpu_process_of(vcpu);
	struct user_regs_struct user;
	struct cpu_fxsave fpu;
	int err = tracee_request(&p->child, PTRACE_GETREGS, 0, &user,
				 "reading registers");

	if (!err)
		err = tracee_request(&p->child, PTRACE_GETFPREGS, 0, &fpu,
				     "reading floating-point registers");
	for (size_t i = 0; !err && i < REGISTER_COUNT; i++) {
		uint64_t value;

		memcpy(&value, (const char *)state + registers[i].state,
		       sizeof(value));
		if (memcmp((char *)&user + registers[i].user, &value,
			   sizeof(value)) != 0)
			err = tracee_poke(&p->child, registers[i].user, value);
	}
	if (err)
		return err;
	if (memcmp(&fpu, &state->fpu, sizeof(fpu)) != 0) {
		fpu = state->fpu;
		err = tracee_request(&p->child, PTRACE_SETFPREGS, 0, &fpu,
				     "writing floating-point registers");
	}
	p->regs = state->regs;
	return err;
}

static int debug_step(struct vcpu *vcpu, bool on)
{
	vcpu_process_of(vcpu)->stepping = on;
	return 0;
}

/* The kernel checks DR7 against the addresses, so it is off in between. */
static int debug_watch(struct vcpu *vcpu, const struct vcpu_watch *watch,
		       unsigned count)
{
	struct vcpu_process *p = vcpu_process_of(vcpu);
	int err = tracee_poke(&p->child, DEBUG_OFFSET(DR_CONTROL), 0);

	for (unsigned i = 0; !err && i < count; i++)
		err = tracee_poke(&p->child, DEBUG_OFFSET(i), watch[i].address);
	if (!err && count)
		err = tracee_poke(&p->child, DEBUG_OFFSET(DR_CONTROL),
				  debug_regs_control(watch, count));
	return err;
}

static int debug_watch_hits(struct vcpu *vcpu, unsigned *hits)
{
	struct vcpu_process *p = vcpu_process_of(vcpu);
	uint64_t status = 0;
	int err = peek(p, DEBUG_OFFSET(DR_STATUS), &status);

	if (err)
		return err;
	*hits = (unsigned)status & DEBUG_REGS_HITS;
	return tracee_poke(&p->child, DEBUG_OFFSET(DR_STATUS), 0);
}

const struct vcpu_debug_ops vcpu_process_debug_ops = {
	.read = debug_read,
	.write = debug_write,
	.step = debug_step,
	.watch = debug_watch,
	.watch_hits = debug_watch_hits,
};
