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
#include <unistd.h>

#include "guest_memory.h"
#include "memory_map.h"
#include "trap_x86_64.h"
#include "upcall.h"
#include "vcpu.h"

#ifndef SEGV_PKUERR
#define SEGV_PKUERR 4 /* asm-generic/siginfo.h */
#endif

#define VSYSCALL_PAGE	  0xffffffffff600000ULL
#define SYSTEM_CALL_BYTES 2 /* syscall, sysenter, int $0x80 */

/* A trap that the guest may handle; @vector is that of the exception. */
static void exception(struct vcpu_exit *exit, int signal, unsigned vector,
		      const char *what)
{
	vcpu_exit_trap(exit, signal, what);
	exit->trap.resumable = true;
	exit->trap.vector = vector;
}

static void at_address(struct vcpu_exit *exit, uint64_t address,
		       const char *what)
{
	exception(exit, SIGSEGV, 14, what);
	exit->trap.has_address = true;
	exit->trap.address = address;
}

/* There is no error code in a siginfo: the region table tells most of it. */
static void page_fault(const struct guest_mem *mem, uint64_t pc,
		       uint64_t address, struct vcpu_exit *exit)
{
	bool known = guest_mem_has(mem, address);
	bool protected = known && !guest_mem_range(mem, address, 1, GUEST_READ);

	known |= guest_mem_in_window(mem, address);
	if (protected)
		at_address(exit, address, "access to protected memory");
	else if (address == pc)
		at_address(exit, address,
			   known ? "jump to memory that is not executable"
				 : "jump to unmapped memory");
	else
		at_address(exit, address,
			   known ? "write to read-only memory"
				 : "access to unmapped memory");
	exit->trap.code = known ? BP_TRAP_NO_ACCESS : BP_TRAP_NOT_MAPPED;
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
		exception(exit, SIGSEGV, 13,
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
	exception(exit, SIGILL, 6, "system call instruction");
}

static void floating_point(pid_t pid, int code, struct vcpu_exit *exit)
{
	struct user_fpregs_struct fp;

	if (code == FPE_INTDIV)
		exception(exit, SIGFPE, 0, "division by zero or overflow");
	/* Is a status bit set that the control word does not mask? */
	else if (!ptrace(PTRACE_GETFPREGS, pid, NULL, &fp) &&
		 (fp.swd & ~fp.cwd & 0x3f))
		exception(exit, SIGFPE, 16, "x87 floating-point exception");
	else
		exception(exit, SIGFPE, 19, "SSE floating-point exception");
}

static void bus_error(const struct guest_mem *mem, const siginfo_t *info,
		      struct vcpu_exit *exit)
{
	uint64_t address = (uintptr_t)info->si_addr;

	if (info->si_code != SI_KERNEL && info->si_code != BUS_ADRALN &&
	    guest_mem_in_window(mem, address)) {
		vcpu_exit_no_data(exit);
		exit->trap.has_address = true;
		exit->trap.address = address;
		return;
	}
	switch (info->si_code) {
	case SI_KERNEL:
		exception(exit, SIGBUS, 12, "stack segment fault");
		break;
	case BUS_ADRALN:
		exception(exit, SIGBUS, 17, "misaligned access");
		break;
	case BUS_ADRERR:
		vcpu_exit_trap(exit, SIGBUS, "the host is out of memory");
		break;
	default:
		vcpu_exit_trap(exit, SIGBUS, "the host's memory is broken");
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
		exception(exit, SIGILL, 6, "illegal instruction");
		break;
	case SIGSYS:
		fault_system_call(mem, (uintptr_t)info->si_call_addr, regs,
				  exit);
		break;
	case SIGFPE:
		floating_point(pid, info->si_code, exit);
		break;
	case SIGBUS:
		bus_error(mem, info, exit);
		break;
	case SIGTRAP:
		if (info->si_code == SI_KERNEL) {
			exception(exit, SIGTRAP, 3, "breakpoint");
			exit->trap.cause = VCPU_BREAKPOINT;
		} else {
			exception(exit, SIGTRAP, 1, "debug exception");
			exit->trap.cause = VCPU_DEBUG;
		}
		break;
	case SIGXCPU:
		/* A limit on the tender and its guest. */
		/* seccomp: getpid; kill SIGXCPU on the tender */
		kill(getpid(), SIGXCPU);
		break;
	default:
		break;
	}
}
