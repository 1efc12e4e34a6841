/* SPDX-License-Identifier: ISC */
/*
 * From a fork of the tender to a process that is nothing but a guest.
 *
 * THEORY OF OPERATION
 * The child maps guest memory at the guest's own addresses, each region with
 * its exact permissions, then drops everything else: descriptors by
 * close_range(), and, from a page of code that needs no memory besides its
 * own (the "exit ramp"), all other mappings. The ramp installs a seccomp
 * filter that refuses every system call and unmaps itself last, which the
 * filter allows at the ramp's address only; there is never again code there.
 */
#include "guest_process_x86_64.h"

#include <dirent.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest_memory.h"
#include "log.h"
#include "memory_map.h"
#include "yama.h"

/* How a child that cannot go on says why, as its exit status. */
enum child_failure {
	CHILD_TRACE = 101,
	CHILD_LOW_ADDRESS,
	CHILD_MEMORY,
	CHILD_EXECUTABLE,
	CHILD_LOCK,
	CHILD_FILES,
};

#define FILTER_LENGTH 10

/*
 * The exit ramp, copied into a page of its own. On entry: RBX its page, R12
 * the end of guest memory, R13 the filter. A failure ends in `ud2`, with the
 * result in RAX, and RDI 1 if it was that of seccomp(). Success ends in a page
 * fault at the same place, with RAX 0.
 */
extern const uint8_t ramp_start[], ramp_last_call[], ramp_end[];

__asm__(".pushsection .rodata\n"
	"ramp_start:\n"
	"	movq	%r12, %rdi\n" /* munmap(guest end, page - guest end) */
	"	movq	%rbx, %rsi\n"
	"	subq	%r12, %rsi\n"
	"	movl	$11, %eax\n"
	"	syscall\n"
	"	testq	%rax, %rax\n"
	"	jnz	1f\n"
	"	leaq	4096(%rbx), %rdi\n" /* munmap(page end, to the end) */
	"	movabsq	$0x7ffffffff000, %rsi\n"
	"	subq	%rdi, %rsi\n"
	"	movl	$11, %eax\n"
	"	syscall\n"
	"	testq	%rax, %rax\n"
	"	jnz	1f\n"
	"	movl	$1, %edi\n" /* seccomp(SECCOMP_SET_MODE_FILTER, 0, r13)
				     */
	"	xorl	%esi, %esi\n"
	"	movq	%r13, %rdx\n"
	"	movl	$317, %eax\n"
	"	syscall\n"
	"	testq	%rax, %rax\n"
	"	jnz	1f\n"
	"	movq	%rbx, %rdi\n" /* munmap(page, 4096) */
	"	movl	$4096, %esi\n"
	"	movl	$11, %eax\n"
	"	syscall\n"
	"ramp_last_call:\n" /* not there any more */
	"1:	ud2\n"
	"ramp_end:\n"
	".popsection\n");

_Static_assert(SYS_munmap == 11 && SYS_seccomp == 317, "as the ramp has them");
_Static_assert(BP_PAGE_BYTES == 4096, "as the ramp has it");

/* Allows munmap from the ramp's last call; anything else stops the child. */
static void write_filter(struct sock_filter *filter, uint64_t last_call)
{
	const struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 7),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_munmap, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, instruction_pointer)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)last_call, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, instruction_pointer) +
				 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(last_call >> 32),
			 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
	};

	memcpy(filter, code, sizeof(code));
}

#define FILTER_OFFSET 1024 /* in the ramp's page: struct sock_fprog */

/* A page with the ramp and its filter in it; MAP_FAILED if there is none. */
static uint8_t *make_ramp(void)
{
	uint8_t *page = mmap(NULL, BP_PAGE_BYTES, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct sock_fprog *program;
	uint64_t last_call;

	if (page == MAP_FAILED)
		return page;
	/* cppcheck-suppress comparePointers ; labels of one text */
	memcpy(page, ramp_start, (size_t)(ramp_end - ramp_start));
	program = (void *)(page + FILTER_OFFSET);
	program->len = FILTER_LENGTH;
	program->filter = (void *)(program + 1);
	/* cppcheck-suppress comparePointers ; likewise */
	last_call = (uintptr_t)page + (size_t)(ramp_last_call - ramp_start);
	write_filter(program->filter, last_call);
	if (!mprotect(page, BP_PAGE_BYTES, PROT_READ | PROT_EXEC))
		return page;
	munmap(page, BP_PAGE_BYTES);
	return MAP_FAILED;
}

/*
 * mremap() of no bytes makes a second mapping of the same shared pages. This
 * program is position-independent: it lies above all of guest memory.
 */
static void map_regions(const struct guest_mem *mem)
{
	for (unsigned i = 0; i < mem->region_count; i++) {
		const struct guest_region *r = &mem->region[i];
		int protection = (r->access & GUEST_READ ? PROT_READ : 0) |
				 (r->access & GUEST_WRITE ? PROT_WRITE : 0) |
				 (r->access & GUEST_EXEC ? PROT_EXEC : 0);
		void *want = (void *)(uintptr_t)r->start;
		size_t bytes = r->end - r->start;

		if (mremap(mem->base + r->start, 0, bytes,
			   MREMAP_MAYMOVE | MREMAP_FIXED, want) != want)
			_exit(errno == ENOMEM ? CHILD_MEMORY
					      : CHILD_LOW_ADDRESS);
		if (mprotect(want, bytes, protection))
			_exit(errno == ENOMEM ? CHILD_MEMORY
					      : CHILD_EXECUTABLE);
	}
}

/*
 * The kernel writes to a thread's rseq area whenever it is preempted; glibc
 * registers one (since 2.35), and it is about to be unmapped.
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

/* The second way is for kernels and profiles without close_range(). */
static void close_all(void)
{
	const struct dirent *entry;
	DIR *open_now;

	if (syscall(SYS_close_range, 0U, ~0U, 0U) == 0)
		return;
	open_now = opendir("/proc/self/fd");
	if (!open_now)
		_exit(CHILD_FILES);
	while ((entry = readdir(open_now))) {
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (*entry->d_name != '.' && fd != dirfd(open_now))
			close(fd);
	}
	closedir(open_now);
}

_Noreturn void guest_process_become(const struct guest_mem *mem, pid_t tender)
{
	uint8_t *page;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		_exit(CHILD_LOCK);
	if (getppid() != tender)
		_exit(CHILD_TRACE); /* it died before that */
	/* Early, as locks on disks live as long as any copy of them. */
	close_all();
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(CHILD_TRACE);
	page = make_ramp();
	if (page == MAP_FAILED)
		_exit(errno == ENOMEM ? CHILD_MEMORY : CHILD_EXECUTABLE);
	map_regions(mem);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		_exit(CHILD_LOCK);
	drop_rseq();
	{
		register uint8_t *rbx __asm__("rbx") = page;
		/* cppcheck-suppress constStatement ; a register */
		register uint64_t r12 __asm__("r12") = mem->bytes;
		register uint8_t *r13 __asm__("r13") = page + FILTER_OFFSET;

		__asm__ volatile("jmp *%0"
				 :
				 : "r"(rbx), "r"(r12), "r"(r13)
				 : "memory");
	}
	__builtin_unreachable();
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

int guest_process_ended(int wait_status)
{
	switch (WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 0) {
	case CHILD_TRACE:
		log_error("process vCPU: needs ptrace, but this host %s",
			  why_no_ptrace());
		return -EPERM;
	case CHILD_LOW_ADDRESS:
		log_error("process vCPU: no memory at low addresses in a child "
			  "process: the sysctl vm.mmap_min_addr must be 65536 "
			  "or less");
		return -EPERM;
	case CHILD_MEMORY:
		log_error("process vCPU: no room for guest memory in a child "
			  "process; use less --mem, or raise the limit "
			  "(ulimit -v)");
		return -ENOMEM;
	case CHILD_EXECUTABLE:
		log_error("process vCPU: this host forbids to make memory "
			  "executable; for a service of systemd, set "
			  "MemoryDenyWriteExecute=no");
		return -EPERM;
	case CHILD_FILES:
		log_error("process vCPU: needs the system call close_range, "
			  "or /proc");
		return -EPERM;
	case CHILD_LOCK:
		log_error("process vCPU: this host forbids prctl: allow it "
			  "in the container's seccomp profile");
		return -EPERM;
	}
	if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGSYS)
		log_error("process vCPU: a seccomp profile ended the guest's "
			  "process before it began; use one as container "
			  "engines have by default");
	else
		log_error("process vCPU: the guest's process ended before it "
			  "began (status 0x%x)",
			  (unsigned)wait_status);
	return -EPERM;
}

bool guest_process_stopped(const siginfo_t *info,
			   const struct user_regs_struct *user, int *err)
{
	/* cppcheck-suppress comparePointers ; labels of one text */
	uint64_t end = user->rbx + (uint64_t)(ramp_last_call - ramp_start);
	bool at_end = user->rip == end;

	/* Sent by somebody, or nothing that code causes. */
	if (info->si_code <= 0 ||
	    (info->si_signo != SIGSEGV && info->si_signo != SIGILL &&
	     info->si_signo != SIGSYS && info->si_signo != SIGBUS))
		return false;
	*err = -EPERM;
	if (at_end && info->si_signo == SIGSEGV && user->rax == 0)
		*err = 0;
	else if (at_end && info->si_signo == SIGILL && user->rdi == 1)
		log_error("process vCPU: this host or its container forbids "
			  "seccomp filters: allow seccomp in the profile");
	else if (at_end && info->si_signo == SIGILL)
		log_error("process vCPU: this host forbids the guest's process "
			  "to give up its memory: %s",
			  strerror(-(int)user->rax));
	else
		log_error("process vCPU: the guest's process failed before it "
			  "began (%s at 0x%llx)",
			  strsignal(info->si_signo),
			  (unsigned long long)user->rip);
	return true;
}
