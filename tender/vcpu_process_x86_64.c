/* SPDX-License-Identifier: ISC */
/*
 * vCPU without KVM: guest code runs in a traced process of its own, which
 * guest_process_x86_64.c makes.
 *
 * THEORY OF OPERATION
 * When the child has become a guest it faults; the tender (its tracer) sees
 * that, loads the guest's initial registers and lets it go. `out` is
 * privileged, so it faults too: the same registers, the same hypercall as on
 * KVM. Any signal stops the child before it is delivered, and none ever is.
 *
 * System calls meet two walls: PTRACE_SYSEMU stops the child instead of
 * entering one, and its seccomp filter refuses all. The filter alone would not
 * do, as Linux lets two calls (uretprobe, uprobe) pass any.
 *
 * The guest may have put into its segment registers and their bases what
 * PTRACE_SETREGS refuses. So only the result and the program counter are
 * written after a hypercall, and the rest is never touched.
 */
#include "vcpu.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot_info.h"
#include "counter.h"
#include "fault_process_x86_64.h"
#include "guest_memory.h"
#include "guest_process_x86_64.h"
#include "log.h"
#include "one_cpu.h"
#include "protect_process_x86_64.h"
#include "regs_x86_64.h"
#include "tracee.h"
#include "vcpu_process_x86_64.h"

#define HWCAP2_FSGSBASE (1UL << 1) /* asm/hwcap2.h */
#define RFLAGS_BITS	0x202ULL
#define OPCODE_OUT	0xef		 /* out %eax, %dx */
#define SYSTEM_CALL	(SIGTRAP | 0x80) /* as PTRACE_O_TRACESYSGOOD has it */

static int poke(struct vcpu_process *p, uint64_t offset, uint64_t value)
{
	return tracee_poke(&p->child, offset, value);
}

static const char preparing[] = "preparing the guest's process";

/*
 * Waits until the child is a guest, with the registers @user. Signals from
 * elsewhere are dropped: they may go to the whole process group, as when a
 * terminal changes its size.
 */
static int wait_ready(struct vcpu_process *p, struct user_regs_struct *user)
{
	siginfo_t info;
	int status, err;

	for (;;) {
		err = tracee_wait(&p->child, &status);
		if (err)
			return err;
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
			return tracee_killed(status);
		if (!WIFSTOPPED(status))
			return guest_process_ended(status);
		err = tracee_request(&p->child, PTRACE_GETSIGINFO, 0, &info,
				     preparing);
		if (!err)
			err = tracee_request(&p->child, PTRACE_GETREGS, 0, user,
					     preparing);
		if (err)
			return err;
		if (guest_process_stopped(&info, user, &err))
			return err;
		err = tracee_request(&p->child, PTRACE_CONT, 0, NULL,
				     preparing);
		if (err)
			return err;
	}
}

static uint64_t process_table_bytes(uint64_t mem_bytes, uint64_t window_bytes)
{
	(void)mem_bytes;
	(void)window_bytes;
	return 0;
}

static const char *process_unusable(void)
{
	return NULL; /* told when it is tried */
}

/* Else a tender as a container's child would leave a zombie to its init. */
static void process_reap(struct vcpu *vcpu)
{
	tracee_end(&vcpu_process_of(vcpu)->child);
}

static void process_destroy(struct vcpu *vcpu)
{
	process_reap(vcpu);
	munmap(vcpu_process_of(vcpu), sizeof(struct vcpu_process));
}

static int process_create(struct vcpu **vcpu, struct guest_mem *mem,
			  bool drop_ids)
{
	/* calloc() would be the first in this process, and make it a heap. */
	struct vcpu_process *p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	if (p == MAP_FAILED) {
		log_error("process vCPU: no room for it; raise the limit "
			  "(ulimit -v), or use less --mem");
		return -ENOMEM;
	}
	p->vcpu.ops = &vcpu_process_ops;
	p->mem = mem;
	/* For tests: one wall at a time. */
	p->resume = getenv("TENDER_NO_SYSEMU") ? PTRACE_CONT : PTRACE_SYSEMU;
	/* A parent that ignores it would have no child to wait for. */
	signal(SIGCHLD, SIG_DFL);
	one_cpu_begin();
	pid = guest_process_start(mem, drop_ids, &p->key);
	one_cpu_guest(pid > 0 ? pid : 0);
	if (pid < 0) {
		process_destroy(&p->vcpu);
		return pid;
	}
	p->child.pid = pid;
	*vcpu = &p->vcpu;
	return 0;
}

static void from_user(struct kvm_regs *regs, const struct user_regs_struct *u)
{
	*regs = (struct kvm_regs){
		.rax = u->rax,
		.rbx = u->rbx,
		.rcx = u->rcx,
		.rdx = u->rdx,
		.rsi = u->rsi,
		.rdi = u->rdi,
		.rsp = u->rsp,
		.rbp = u->rbp,
		.r8 = u->r8,
		.r9 = u->r9,
		.r10 = u->r10,
		.r11 = u->r11,
		.r12 = u->r12,
		.r13 = u->r13,
		.r14 = u->r14,
		.r15 = u->r15,
		.rip = u->rip,
		.rflags = u->eflags,
	};
}

/* The child has been at it since it was created; now it should be ready. */
static int process_prepare(struct vcpu *vcpu, const struct vcpu_start *start,
			   struct vcpu_features *features)
{
	struct vcpu_process *p = vcpu_process_of(vcpu);
	struct user_regs_struct now = {0}, user = {0};
	int err;

	err = wait_ready(p, &now);
	if (!err)
		err = tracee_request(
			&p->child, PTRACE_SETOPTIONS, 0,
			(void *)(PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD),
			preparing);
	if (err)
		return err;
	user.cs = now.cs;
	user.ss = now.ss;
	user.rip = start->pc;
	user.rsp = start->sp;
	user.rdi = start->arg;
	user.eflags = RFLAGS_BITS;
	user.orig_rax = ~0ULL; /* no system call to restart */
	from_user(&p->regs, &user);
	err = tracee_request(&p->child, PTRACE_SETREGS, 0, &user,
			     "loading the first registers");
	if (err)
		return err;
	features->tsc_hz = counter_hz_since(start->early);
	features->boot_flags =
		getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE ? BP_BOOT_FSGSBASE : 0;
	return 0;
}

static void process_handles(const struct vcpu *vcpu,
			    struct vcpu_handles *handles)
{
	handles->pid = ((const struct vcpu_process *)vcpu)->child.pid;
}

static bool at_hypercall(const struct vcpu_process *p)
{
	const uint8_t *code =
		guest_mem_range(p->mem, p->regs.rip, 1, GUEST_EXEC);

	return code && *code == OPCODE_OUT;
}

static int answer(struct vcpu_process *p)
{
	int err = poke(p, offsetof(struct user_regs_struct, rax), p->regs.rax);

	if (!err)
		err = poke(p, offsetof(struct user_regs_struct, rip),
			   p->regs.rip);
	p->answered = false;
	return err;
}

/* The guest's own calls are none: the kernel shall not restart one. */
static int enter(struct vcpu_process *p)
{
	const struct {
		uint64_t offset, value;
	} reg[] = {
		{offsetof(struct user_regs_struct, rip), p->regs.rip},
		{offsetof(struct user_regs_struct, rsp), p->regs.rsp},
		{offsetof(struct user_regs_struct, rdi), p->regs.rdi},
		{offsetof(struct user_regs_struct, eflags), p->regs.rflags},
		{offsetof(struct user_regs_struct, orig_rax), ~0ULL},
	};
	int err = 0;

	for (unsigned i = 0; i < sizeof(reg) / sizeof(reg[0]) && !err; i++)
		err = poke(p, reg[i].offset, reg[i].value);
	p->entered = false;
	return err;
}

int process_settle(struct vcpu_process *p)
{
	int err = p->answered ? answer(p) : 0;

	return !err && p->entered ? enter(p) : err;
}

static int resume_request(const struct vcpu_process *p)
{
	if (!p->stepping)
		return p->resume;
	return p->resume == PTRACE_CONT ? PTRACE_SINGLESTEP
					: PTRACE_SYSEMU_SINGLESTEP;
}

static int process_run(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	struct vcpu_process *p = vcpu_process_of(vcpu);
	struct user_regs_struct user;
	siginfo_t info;
	int status, err;

	err = process_settle(p);
	if (!err)
		err = tracee_request(&p->child, resume_request(p), 0, NULL,
				     "running the guest");
	if (!err)
		err = tracee_wait(&p->child, &status);
	if (err)
		return err;
	if (!WIFSTOPPED(status))
		return tracee_killed(status);
	err = tracee_request(&p->child, PTRACE_GETREGS, 0, &user,
			     "reading registers");
	if (err)
		return err;
	from_user(&p->regs, &user);
	if (WSTOPSIG(status) == SYSTEM_CALL) {
		p->regs.rax = user.orig_rax;
		fault_system_call(p->mem, p->regs.rip, &p->regs, exit);
		return 0;
	}
	if (WSTOPSIG(status) == SIGSEGV && at_hypercall(p)) {
		one_cpu_call();
		regs_call(&p->regs, p->regs.rdx & 0xffff, exit);
		if (exit->kind == VCPU_CALL) {
			p->regs.rip++;
			p->answered = true;
		}
		return 0;
	}
	err = tracee_request(&p->child, PTRACE_GETSIGINFO, 0, &info,
			     "reading what stopped it");
	if (!err)
		fault_describe(p->mem, p->child.pid, &info, &p->regs, exit);
	return err;
}

static void process_set_result(struct vcpu *vcpu, uint64_t result)
{
	vcpu_process_of(vcpu)->regs.rax = result;
}

static int process_set_tls(struct vcpu *vcpu, uint64_t address)
{
	return poke(vcpu_process_of(vcpu),
		    offsetof(struct user_regs_struct, fs_base), address);
}

/* RAX and RIP are written with the answer. */
static int process_map(struct vcpu *vcpu, uint64_t start, uint64_t end,
		       unsigned access)
{
	struct vcpu_process *p = vcpu_process_of(vcpu);

	return protect_process(&p->child, p->mem, &p->regs, p->regs.rip - 1,
			       p->key, start, end, access);
}

static void process_place(struct vcpu *vcpu, struct vcpu_place *place)
{
	regs_place(&vcpu_process_of(vcpu)->regs, place);
}

static void process_format_registers(struct vcpu *vcpu, char *text,
				     size_t bytes)
{
	regs_format(&vcpu_process_of(vcpu)->regs, text, bytes);
}

static int process_interrupted(struct vcpu *vcpu, struct bp_upcall_frame *frame)
{
	regs_frame(&vcpu_process_of(vcpu)->regs, frame);
	return 0;
}

static int process_enter(struct vcpu *vcpu, uint64_t pc, uint64_t sp,
			 uint64_t arg)
{
	struct vcpu_process *p = vcpu_process_of(vcpu);

	p->regs.rip = pc;
	p->regs.rsp = sp;
	p->regs.rdi = arg;
	p->regs.rflags = RFLAGS_BITS;
	p->entered = true;
	return 0;
}

static void process_kick(struct vcpu *vcpu)
{
	pid_t pid = vcpu_process_of(vcpu)->child.pid;

	if (pid)
		kill(pid, SIGSTOP);
}

const struct vcpu_ops vcpu_process_ops = {
	.name = "process",
	.shares_memory = true,
	.measures_counter = true,
	.table_bytes = process_table_bytes,
	.unusable = process_unusable,
	.create = process_create,
	.destroy = process_destroy,
	.reap = process_reap,
	.prepare = process_prepare,
	.handles = process_handles,
	.run = process_run,
	.set_result = process_set_result,
	.set_tls = process_set_tls,
	.map = process_map,
	.place = process_place,
	.format_registers = process_format_registers,
	.interrupted = process_interrupted,
	.enter = process_enter,
	.kick = process_kick,
	.debug = &vcpu_process_debug_ops,
};
