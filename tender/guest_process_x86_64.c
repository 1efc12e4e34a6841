/* SPDX-License-Identifier: ISC */
/*
 * From a fork of the tender to a process that is nothing but a guest.
 *
 * THEORY OF OPERATION
 * Before it forks, the tender writes down what the child has to do: a list of
 * system calls (guest_plan_x86_64.c). The child does nothing but make them, in
 * a few instructions that need no stack and no C library. So it gets nothing of
 * the tender's but its program, this list, and guest memory (MADV_DONTFORK),
 * which also makes for a quick fork. The calls close all descriptors, map guest
 * memory at the guest's own addresses, each region with its exact permissions,
 * and install a seccomp filter. The last one unmaps all above guest memory, and
 * with it the code that made it: the child faults. The filter refuses every
 * system call but that last one, by its address, where there is never again
 * code, and those of protect_process_x86_64.c, by their key.
 */
#include "guest_process_x86_64.h"

#include <cpuid.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest_memory.h"
#include "guest_plan_x86_64.h"
#include "log.h"
#include "memory_map.h"
#include "yama.h"

/*
 * All that the child runs. On entry: RBX its calls, R12 the vector state, R13
 * whether the CPU has xrstor. Registers other than these are not looked at.
 */
extern const uint8_t child_start[], child_after_call[];

__asm__(".pushsection .text\n"
	"child_start:\n"
	"	movl	$-1, %eax\n"
	"	movl	$-1, %edx\n"
	"	testl	%r13d, %r13d\n"
	"	jz	1f\n"
	"	xrstor	(%r12)\n"
	"	jmp	2f\n"
	"1:	fxrstor	(%r12)\n"
	"2:	movq	(%rbx), %rax\n"
	"	movq	8(%rbx), %rdi\n"
	"	movq	16(%rbx), %rsi\n"
	"	movq	24(%rbx), %rdx\n"
	"	movq	32(%rbx), %r10\n"
	"	movq	40(%rbx), %r8\n"
	"	syscall\n"
	"child_after_call:\n" /* after the last one, this is not there */
	"	cmpq	48(%rbx), %rax\n"
	"	jne	4f\n"
	"3:	addq	$64, %rbx\n"
	"	jmp	2b\n"
	"4:	movq	56(%rbx), %rdi\n"
	"	testq	%rdi, %rdi\n" /* CHILD_GOES_ON */
	"	jz	3b\n"
	"	cmpq	$-12, %rax\n" /* -ENOMEM */
	"	jne	5f\n"
	"	movl	$103, %edi\n" /* CHILD_MEMORY */
	"5:	movl	$231, %eax\n" /* exit_group(failure) */
	"	syscall\n"
	"	ud2\n"
	".popsection\n");

_Static_assert(offsetof(struct child_call, arg) == 8 &&
		       offsetof(struct child_call, result) == 48 &&
		       offsetof(struct child_call, failure) == 56 &&
		       sizeof(struct child_call) == 64,
	       "as the assembly has them");
_Static_assert(CHILD_GOES_ON == 0 && ENOMEM == 12 && CHILD_MEMORY == 103 &&
		       SYS_exit_group == 231,
	       "as the assembly has them");

/*
 * The kernel writes to a thread's rseq area whenever it is preempted; glibc
 * registers one (since 2.35), and the child is about to unmap it.
 */
static void drop_rseq(void)
{
#ifdef __GLIBC__
	extern const ptrdiff_t __rseq_offset __attribute__((weak));
	extern const unsigned __rseq_size __attribute__((weak));
	const unsigned signature = 0x53053053, unregister = 1, area = 32;

	if (&__rseq_size && __rseq_size)
		syscall(SYS_rseq,
			(char *)__builtin_thread_pointer() + __rseq_offset,
			area, unregister, signature);
#endif
}

/*
 * What a child gets of this process from now on: program, @plan and @mem. Where
 * there are holes between mappings, madvise() says ENOMEM, and does the rest.
 */
static void limit_fork(struct child_plan *plan, const struct guest_mem *mem)
{
	extern const char __ehdr_start[], etext[]; /* from the linker */
	uintptr_t text = (uintptr_t)__ehdr_start & ~(BP_PAGE_BYTES - 1);

	(void)madvise(NULL, ADDRESSES_END, MADV_DONTFORK);
	madvise((void *)text, (uintptr_t)etext - text, MADV_DOFORK);
	madvise(plan, plan->bytes, MADV_DOFORK);
	madvise(mem->base, mem->mapped_bytes, MADV_DOFORK);
	for (unsigned i = 0; i < mem->window_count; i++)
		madvise((void *)mem->window[i].at,
			mem->window[i].end - mem->window[i].start, MADV_DOFORK);
}

/* One CPUID, as a hypervisor may take microseconds for it. */
static bool has_xrstor(void)
{
	unsigned a, b, c, d;

	__cpuid(1, a, b, c, d);
	return c & bit_OSXSAVE;
}

/* Not fork(): in the child, that of a C library needs memory of its own. */
static long fork_into(const struct child_plan *plan)
{
	uint64_t xrstor = has_xrstor();
	/* cppcheck-suppress constStatement ; a register */
	register const void *r12 __asm__("r12") = &plan->vectors;
	register uint64_t r13 __asm__("r13") = xrstor;
	register uint64_t r10 __asm__("r10") = 0;
	register uint64_t r8 __asm__("r8") = 0;
	long pid;

	__asm__ volatile("syscall\n"
			 "testq	%%rax, %%rax\n"
			 "jz	child_start\n"
			 : "=a"(pid)
			 : "0"((long)SYS_clone), "D"((long)SIGCHLD), "S"(0L),
			   "d"(0L), "r"(r10), "r"(r8), "b"(plan->call),
			   "r"(r12), "r"(r13)
			 : "rcx", "r11", "memory", "cc");
	return pid;
}

static int not_started(int err)
{
	switch (err) {
	case -EAGAIN:
		log_error("process vCPU: no room for one more process; raise "
			  "the limit (ulimit -u, pids.max)");
		break;
	case -ENOMEM:
		log_error("process vCPU: no room for one more process's "
			  "memory; use less --mem, or raise the limit "
			  "(ulimit -v)");
		break;
	case -ENOSYS:
		log_error("process vCPU: needs the system call close_range, "
			  "or /proc");
		break;
	default:
		log_error("process vCPU: starting the guest's process: %s",
			  strerror(-err));
	}
	return err;
}

pid_t guest_process_start(const struct guest_mem *mem, bool drop_ids,
			  uint64_t *key)
{
	struct child_plan *plan;
	pid_t pid;
	int err;

	err = guest_plan_make(&plan, mem, drop_ids, (uintptr_t)child_after_call,
			      key);
	if (err)
		return not_started(err);
	limit_fork(plan, mem);
	drop_rseq();
	pid = (pid_t)fork_into(plan);
	guest_plan_free(plan);
	return pid < 0 ? not_started(pid) : pid;
}

static const char *why_no_ptrace(void)
{
	switch (yama_ptrace_scope()) {
	case 2:
		return "forbids it to ordinary users (the sysctl "
		       "kernel.yama.ptrace_scope is 2): set that to 1";
	case 3:
		return "forbids it (the sysctl kernel.yama.ptrace_scope is "
		       "3): set that to 1 where it is set, and boot again";
	default:
		return "or its container forbids it: allow ptrace in the "
		       "seccomp profile, and do not trace the tender's "
		       "children (strace -f)";
	}
}

static int failed(enum child_failure failure)
{
	switch (failure) {
	case CHILD_TRACE:
		log_error("process vCPU: needs ptrace, but this host %s",
			  why_no_ptrace());
		break;
	case CHILD_LOW_ADDRESS:
		log_error("process vCPU: no memory at low addresses in a child "
			  "process: the sysctl vm.mmap_min_addr must be 65536 "
			  "or less");
		break;
	case CHILD_MEMORY:
		log_error("process vCPU: no room for guest memory in a child "
			  "process; use less --mem, or raise the limit "
			  "(ulimit -v)");
		return -ENOMEM;
	case CHILD_EXECUTABLE:
		log_error("process vCPU: this host forbids to make memory "
			  "executable; for a service of systemd, set "
			  "MemoryDenyWriteExecute=no");
		break;
	case CHILD_LOCK:
		log_error("process vCPU: this host forbids prctl: allow it "
			  "in the container's seccomp profile");
		break;
	case CHILD_FILTER:
		log_error("process vCPU: this host or its container forbids "
			  "seccomp filters: allow seccomp in the profile");
		break;
	default:
		log_error("process vCPU: this host forbids the guest's process "
			  "to give up its %s",
			  failure == CHILD_FILES ? "files" : "memory");
	}
	return -EPERM;
}

static int forbidden(void)
{
	log_error("process vCPU: a seccomp profile ended the guest's process "
		  "before it began; use one as container engines have by "
		  "default");
	return -EPERM;
}

int guest_process_ended(int wait_status)
{
	int status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 0;

	if (status >= CHILD_TRACE && status <= CHILD_UNMAP)
		return failed((enum child_failure)status);
	if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGSYS)
		return forbidden();
	log_error("process vCPU: the guest's process ended before it began "
		  "(status 0x%x)",
		  (unsigned)wait_status);
	return -EPERM;
}

bool guest_process_stopped(const siginfo_t *info,
			   const struct user_regs_struct *user, int *err)
{
	/* Sent by somebody, or nothing that code causes. */
	if (info->si_code <= 0 ||
	    (info->si_signo != SIGSEGV && info->si_signo != SIGILL &&
	     info->si_signo != SIGSYS && info->si_signo != SIGBUS))
		return false;
	*err = -EPERM;
	if (info->si_signo == SIGSEGV && user->rax == 0 &&
	    user->rip == (uintptr_t)child_after_call)
		*err = 0;
	else if (info->si_signo == SIGSYS && info->si_syscall == SYS_exit_group)
		/* The filter is there already, and refuses that. */
		*err = failed((enum child_failure)user->rdi);
	else if (info->si_signo == SIGSYS)
		*err = forbidden();
	else
		log_error("process vCPU: the guest's process failed before it "
			  "began (%s at 0x%llx)",
			  strsignal(info->si_signo),
			  (unsigned long long)user->rip);
	return true;
}
