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
 */
#include "vcpu.h"

#include <errno.h>
#include <signal.h>
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
#include "guest_memory.h"
#include "guest_process_x86_64.h"
#include "log.h"
#include "one_cpu.h"
#include "regs_x86_64.h"
#include "trap_x86_64.h"

#define HWCAP2_FSGSBASE (1UL << 1) /* asm/hwcap2.h */
#define RFLAGS_BITS	0x202ULL
#define OPCODE_OUT	0xef /* out %eax, %dx */

struct vcpu_process {
	struct vcpu vcpu; /* first */
	struct guest_mem *mem;
	pid_t pid;
	struct user_regs_struct user; /* as the kernel gave them */
	struct kvm_regs regs;
	bool dirty;
};

static struct vcpu_process *process_of(struct vcpu *vcpu)
{
	return (struct vcpu_process *)vcpu;
}

static int failed(const char *what)
{
	int err = errno;

	log_error("process vCPU: %s: %s", what, strerror(err));
	return -err;
}

/* Explains the end of a child that did not become a guest. */
static int child_failed(int status)
{
	switch (WIFEXITED(status) ? WEXITSTATUS(status) : 0) {
	case CHILD_TRACE:
		log_error("process vCPU: this host forbids ptrace: allow it in "
			  "the container's seccomp profile, or set the sysctl "
			  "kernel.yama.ptrace_scope to 0 or 1");
		break;
	case CHILD_MAP:
		log_error("process vCPU: cannot map guest memory in a child "
			  "process: the sysctl vm.mmap_min_addr must be 65536 "
			  "or less");
		break;
	case CHILD_CLOSE:
		log_error("process vCPU: this host has no close_range(): use "
			  "Linux 5.9 or newer, or allow it in the container's "
			  "seccomp profile");
		break;
	case CHILD_FILTER:
		log_error("process vCPU: this host has no seccomp filters");
		break;
	default:
		log_error("process vCPU: the guest's process ended before it "
			  "began (status 0x%x)",
			  (unsigned)status);
	}
	return -EPERM;
}

/* Waits for the child to stop; EINTR is for the caller. */
static int wait_child(struct vcpu_process *p, int *status)
{
	/* seccomp: wait4 on the guest's process */
	while (waitpid(p->pid, status, __WALL) < 0)
		if (errno != EINTR)
			return failed("waiting for the guest's process");
	return 0;
}

static uint64_t process_table_bytes(uint64_t mem_bytes)
{
	(void)mem_bytes;
	return 0;
}

static const char *process_unusable(void)
{
	return NULL; /* told when it is tried */
}

static void process_destroy(struct vcpu *vcpu)
{
	struct vcpu_process *p = process_of(vcpu);

	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, __WALL);
	munmap(p, sizeof(*p));
}

static int process_create(struct vcpu **vcpu, struct guest_mem *mem)
{
	/* calloc() would be the first in this process, and make it a heap. */
	struct vcpu_process *p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	if (p == MAP_FAILED)
		return failed("out of memory");
	one_cpu_begin();
	pid = guest_process_start(mem);
	if (pid < 0) {
		munmap(p, sizeof(*p));
		errno = -pid;
		return failed("starting the guest's process");
	}
	one_cpu_guest(pid);
	p->vcpu.ops = &vcpu_process_ops;
	p->mem = mem;
	p->pid = pid;
	*vcpu = &p->vcpu;
	return 0;
}

static void to_user(struct vcpu_process *p)
{
	struct user_regs_struct *u = &p->user;
	const struct kvm_regs *r = &p->regs;

	u->rax = r->rax;
	u->rbx = r->rbx;
	u->rcx = r->rcx;
	u->rdx = r->rdx;
	u->rsi = r->rsi;
	u->rdi = r->rdi;
	u->rsp = r->rsp;
	u->rbp = r->rbp;
	u->r8 = r->r8;
	u->r9 = r->r9;
	u->r10 = r->r10;
	u->r11 = r->r11;
	u->r12 = r->r12;
	u->r13 = r->r13;
	u->r14 = r->r14;
	u->r15 = r->r15;
	u->rip = r->rip;
	u->eflags = r->rflags;
	u->orig_rax = ~0ULL; /* no system call to restart */
}

static void from_user(struct vcpu_process *p)
{
	const struct user_regs_struct *u = &p->user;

	p->regs = (struct kvm_regs){
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

/*
 * The child has been at it since it was created; now it should be ready. What
 * others may have sent it meanwhile is dropped, as ever.
 */
static int wait_for_guest(struct vcpu_process *p)
{
	siginfo_t info = {.si_code = SI_USER};
	int status, err;

	while (info.si_code <= 0) {
		err = wait_child(p, &status);
		if (err)
			return err;
		if (!WIFSTOPPED(status))
			return child_failed(status);
		if (ptrace(PTRACE_GETSIGINFO, p->pid, NULL, &info) < 0 ||
		    (info.si_code <= 0 &&
		     ptrace(PTRACE_CONT, p->pid, NULL, 0) < 0))
			return failed("waiting for the guest's process");
	}
	if (!guest_process_is_ready(&info))
		return child_failed(status);
	if (ptrace(PTRACE_SETOPTIONS, p->pid, NULL, PTRACE_O_EXITKILL) < 0 ||
	    ptrace(PTRACE_GETREGS, p->pid, NULL, &p->user) < 0)
		return failed("preparing the guest's process");
	return 0;
}

static int process_prepare(struct vcpu *vcpu, const struct vcpu_start *start,
			   struct vcpu_features *features)
{
	struct vcpu_process *p = process_of(vcpu);
	int err = wait_for_guest(p);

	if (err)
		return err;
	p->regs = (struct kvm_regs){
		.rip = start->pc,
		.rsp = start->sp,
		.rdi = start->arg,
		.rflags = RFLAGS_BITS,
	};
	p->user.fs_base = 0;
	p->user.gs_base = 0;
	p->user.ds = p->user.es = p->user.fs = p->user.gs = 0;
	p->dirty = true;
	features->tsc_hz = counter_hz_since(start->early);
	features->boot_flags =
		getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE ? BP_BOOT_FSGSBASE : 0;
	return 0;
}

/* There is no error code in a siginfo: the region table tells most of it. */
static void page_fault(struct vcpu_process *p, uint64_t address,
		       struct vcpu_exit *exit)
{
	const struct guest_mem *mem = p->mem;
	bool known = guest_mem_range(mem, address, 1, GUEST_READ);

	if (address == p->regs.rip)
		vcpu_exit_trap(exit, SIGSEGV,
			       known ? "jump to memory that is not executable"
				     : "jump to unmapped memory");
	else
		vcpu_exit_trap(exit, SIGSEGV,
			       known ? "write to read-only memory"
				     : "access to unmapped memory");
	exit->trap.has_address = true;
	exit->trap.address = address;
}

static void segmentation_fault(struct vcpu_process *p, const siginfo_t *info,
			       struct vcpu_exit *exit)
{
	if (info->si_code == SEGV_MAPERR || info->si_code == SEGV_ACCERR)
		page_fault(p, (uintptr_t)info->si_addr, exit);
	else if (trap_is_port_io(p->mem, p->regs.rip))
		vcpu_exit_trap(exit, SIGSYS,
			       "access to a port that is no hypercall");
	else
		vcpu_exit_trap(exit, SIGSEGV,
			       "privileged instruction or bad address");
}

static const char *fpe_text(const struct vcpu_process *p, int code)
{
	struct user_fpregs_struct fp;

	if (code == FPE_INTDIV)
		return "division by zero or overflow";
	/* Is a status bit set that the control word does not mask? */
	if (!ptrace(PTRACE_GETFPREGS, p->pid, NULL, &fp) &&
	    (fp.swd & ~fp.cwd & 0x3f))
		return "x87 floating-point exception";
	return "SSE floating-point exception";
}

static int report_signal(struct vcpu_process *p, int signal,
			 struct vcpu_exit *exit)
{
	siginfo_t info;

	if (ptrace(PTRACE_GETSIGINFO, p->pid, NULL, &info) < 0)
		return failed("reading what stopped the guest");
	exit->kind = VCPU_INTERRUPTED;
	/* Not a fault: our own kick, or somebody's kill(), which is dropped. */
	if (info.si_code <= 0)
		return 0;
	switch (signal) {
	case SIGSEGV:
		segmentation_fault(p, &info, exit);
		break;
	case SIGILL:
		vcpu_exit_trap(exit, SIGILL, "illegal instruction");
		break;
	case SIGSYS:
		/* What it is where there is no kernel below. */
		p->regs.rip = (uintptr_t)info.si_call_addr;
		vcpu_exit_trap(exit, SIGILL, "system call instruction");
		break;
	case SIGFPE:
		vcpu_exit_trap(exit, SIGFPE, fpe_text(p, info.si_code));
		break;
	case SIGBUS:
		vcpu_exit_trap(exit, SIGBUS,
			       info.si_code == BUS_ADRALN
				       ? "misaligned access"
				       : "the host is out of memory");
		break;
	case SIGTRAP:
		vcpu_exit_trap(exit, SIGTRAP,
			       info.si_code == TRAP_TRACE ? "debug exception"
							  : "breakpoint");
		break;
	default:
		break;
	}
	return 0;
}

static bool at_hypercall(const struct vcpu_process *p)
{
	const uint8_t *code =
		guest_mem_range(p->mem, p->regs.rip, 1, GUEST_EXEC);

	return code && *code == OPCODE_OUT;
}

static int process_run(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	struct vcpu_process *p = process_of(vcpu);
	int status, err;

	if (p->dirty) {
		to_user(p);
		if (ptrace(PTRACE_SETREGS, p->pid, NULL, &p->user) < 0)
			return failed("writing registers");
		p->dirty = false;
	}
	/* seccomp: ptrace on the guest's process */
	if (ptrace(PTRACE_CONT, p->pid, NULL, 0) < 0)
		return failed("running the guest");
	err = wait_child(p, &status);
	if (err)
		return err;
	if (!WIFSTOPPED(status)) {
		log_error("process vCPU: the guest's process was killed "
			  "(signal %d); is the host out of memory?",
			  WIFSIGNALED(status) ? WTERMSIG(status) : 0);
		return -ECHILD;
	}
	if (ptrace(PTRACE_GETREGS, p->pid, NULL, &p->user) < 0)
		return failed("reading registers");
	from_user(p);
	if (WSTOPSIG(status) == SIGSEGV && at_hypercall(p)) {
		one_cpu_call();
		regs_call(&p->regs, p->regs.rdx & 0xffff, exit);
		if (exit->kind == VCPU_CALL)
			p->regs.rip++;
		p->dirty = true;
		return 0;
	}
	return report_signal(p, WSTOPSIG(status), exit);
}

static void process_set_result(struct vcpu *vcpu, uint64_t result)
{
	process_of(vcpu)->regs.rax = result;
}

static int process_set_tls(struct vcpu *vcpu, uint64_t address)
{
	process_of(vcpu)->user.fs_base = address;
	return 0;
}

static void process_place(struct vcpu *vcpu, struct vcpu_place *place)
{
	regs_place(&process_of(vcpu)->regs, place);
}

static void process_format_registers(struct vcpu *vcpu, char *text,
				     size_t bytes)
{
	regs_format(&process_of(vcpu)->regs, text, bytes);
}

static void process_kick(struct vcpu *vcpu)
{
	kill(process_of(vcpu)->pid, SIGSTOP);
}

const struct vcpu_ops vcpu_process_ops = {
	.name = "process",
	.shares_memory = true,
	.measures_counter = true,
	.table_bytes = process_table_bytes,
	.unusable = process_unusable,
	.create = process_create,
	.destroy = process_destroy,
	.prepare = process_prepare,
	.run = process_run,
	.set_result = process_set_result,
	.set_tls = process_set_tls,
	.place = process_place,
	.format_registers = process_format_registers,
	.kick = process_kick,
};
