/* SPDX-License-Identifier: ISC */
/*
 * Faults of the process vCPU: the kernel tells them by signal and code, while
 * the guest's report is to read as on KVM.
 */
#include "fault_process_x86_64.h"

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#include "guest_memory.h"
#include "memory_map.h"
#include "trap_x86_64.h"
#include "vcpu.h"

#ifndef SEGV_PKUERR
#define SEGV_PKUERR 4 /* asm-generic/siginfo.h */
#endif

#define VSYSCALL_PAGE	  0xffffffffff600000ULL
#define SYSTEM_CALL_BYTES 2 /* syscall, sysenter, int $0x80 */

static void at_address(struct vcpu_exit *exit, uint64_t address,
		       const char *what)
{
	vcpu_exit_trap(exit, SIGSEGV, what);
	exit->trap.has_address = true;
	exit->trap.address = address;
}

/* There is no error code in a siginfo: the region table tells most of it. */
static void page_fault(const struct guest_mem *mem, uint64_t pc,
		       uint64_t address, struct vcpu_exit *exit)
{
	bool known = guest_mem_range(mem, address, 1, GUEST_READ);

	if (address == pc)
		at_address(exit, address,
			   known ? "jump to memory that is not executable"
				 : "jump to unmapped memory");
	else
		at_address(exit, address,
			   known ? "write to read-only memory"
				 : "access to unmapped memory");
}

static void segmentation_fault(const struct guest_mem *mem, uint64_t pc,
			       const siginfo_t *info, struct vcpu_exit *exit)
{
	uint64_t address = (uintptr_t)info->si_addr;

	if (info->si_code == SEGV_MAPERR || info->si_code == SEGV_ACCERR)
		page_fault(mem, pc, address, exit);
	else if (info->si_code == SEGV_PKUERR)
		at_address(exit, address, "access against a protection key");
	else if (trap_is_port_io(mem, pc))
		vcpu_exit_trap(exit, SIGSYS,
			       "access to a port that is no hypercall");
	else
		vcpu_exit_trap(exit, SIGSEGV,
			       "privileged instruction or bad address");
}

/* The signal is that of a CPU with no kernel below. */
void fault_system_call(const struct guest_mem *mem, uint64_t next,
		       struct kvm_regs *regs, struct vcpu_exit *exit)
{
	/* The kernel emulates that page for every process; ours has none. */
	if ((next & ~(BP_PAGE_BYTES - 1)) == VSYSCALL_PAGE) {
		regs->rip = next;
		page_fault(mem, next, next, exit);
		return;
	}
	if (guest_mem_range(mem, next - SYSTEM_CALL_BYTES, SYSTEM_CALL_BYTES,
			    GUEST_EXEC))
		regs->rip = next - SYSTEM_CALL_BYTES;
	vcpu_exit_trap(exit, SIGILL, "system call instruction");
}

static const char *fpe_text(pid_t pid, int code)
{
	struct user_fpregs_struct fp;

	if (code == FPE_INTDIV)
		return "division by zero or overflow";
	/* Is a status bit set that the control word does not mask? */
	if (!ptrace(PTRACE_GETFPREGS, pid, NULL, &fp) &&
	    (fp.swd & ~fp.cwd & 0x3f))
		return "x87 floating-point exception";
	return "SSE floating-point exception";
}

static const char *bus_text(int code)
{
	switch (code) {
	case SI_KERNEL:
		return "stack segment fault";
	case BUS_ADRALN:
		return "misaligned access";
	case BUS_ADRERR:
		return "the host is out of memory";
	default:
		return "the host's memory is broken";
	}
}

void fault_describe(const struct guest_mem *mem, pid_t pid,
		    const siginfo_t *info, struct kvm_regs *regs,
		    struct vcpu_exit *exit)
{
	exit->kind = VCPU_INTERRUPTED;
	/* Not a fault: our own kick, or somebody's kill(), which is dropped. */
	if (info->si_code <= 0)
		return;
	switch (info->si_signo) {
	case SIGSEGV:
		segmentation_fault(mem, regs->rip, info, exit);
		break;
	case SIGILL:
		vcpu_exit_trap(exit, SIGILL, "illegal instruction");
		break;
	case SIGSYS:
		fault_system_call(mem, (uintptr_t)info->si_call_addr, regs,
				  exit);
		break;
	case SIGFPE:
		vcpu_exit_trap(exit, SIGFPE, fpe_text(pid, info->si_code));
		break;
	case SIGBUS:
		vcpu_exit_trap(exit, SIGBUS, bus_text(info->si_code));
		break;
	case SIGTRAP:
		vcpu_exit_trap(exit, SIGTRAP,
			       info->si_code == SI_KERNEL ? "breakpoint"
							  : "debug exception");
		exit->trap.cause = info->si_code == SI_KERNEL ? VCPU_BREAKPOINT
							      : VCPU_DEBUG;
		break;
	case SIGXCPU:
		raise(SIGXCPU); /* a limit on the tender and its guest */
		break;
	default:
		break;
	}
}
