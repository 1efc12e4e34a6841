/* SPDX-License-Identifier: ISC */
/*
 * From a fork of the tender to a process that is nothing but a guest.
 *
 * THEORY OF OPERATION
 * Before it forks, the tender writes down what the child has to do: a list of
 * system calls. The child does nothing but make them, in a few instructions
 * that need no stack and no C library. So it gets nothing of the tender's but
 * its program, this list, and guest memory (MADV_DONTFORK), which also makes
 * for a quick fork. The calls map guest memory at the guest's own addresses,
 * each region with its exact permissions, close all descriptors, and install a
 * seccomp filter. The last one unmaps all above guest memory, and with it the
 * code that made it: the child faults. The filter refuses every system call
 * but that last one, by its address, where there is never again code.
 */
#include "guest_process_x86_64.h"

#include <cpuid.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest_memory.h"
#include "memory_map.h"

/* The end of what a process may map. */
#define ADDRESSES_END 0x7ffffffff000ULL

/* One system call of the child, as the assembly below has it. */
struct child_call {
	uint64_t number;
	uint64_t arg[5];
	uint64_t result;  /* that it must have, */
	uint64_t failure; /* or the child exits with this */
};

_Static_assert(offsetof(struct child_call, arg) == 8 &&
		       offsetof(struct child_call, result) == 48 &&
		       offsetof(struct child_call, failure) == 56 &&
		       sizeof(struct child_call) == 64,
	       "as the assembly has them");
_Static_assert(SYS_exit_group == 231, "as the assembly has it");

/* SSE, x87 and AVX state after reset (Intel SDM volume 1, 13.4 and 13.6). */
struct vector_state {
	_Alignas(64) uint16_t fcw;
	uint8_t before_mxcsr[22];
	uint32_t mxcsr;
	uint8_t rest[484];
	uint8_t xsave_header[64]; /* all zero: every component is initial */
};

_Static_assert(offsetof(struct vector_state, mxcsr) == 24 &&
		       offsetof(struct vector_state, xsave_header) == 512,
	       "as the CPU has them");

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
	"	jne	3f\n"
	"	addq	$64, %rbx\n"
	"	jmp	2b\n"
	"3:	movl	$231, %eax\n" /* exit_group(failure) */
	"	movq	56(%rbx), %rdi\n"
	"	syscall\n"
	"	ud2\n"
	".popsection\n");

#define FILTER_LENGTH 10
#define FIXED_CALLS   7

/* What the child reads. */
struct child_plan {
	struct vector_state vectors;
	struct sock_filter filter[FILTER_LENGTH];
	struct sock_fprog program;
	struct child_call call[FIXED_CALLS + 2 * GUEST_MAX_REGIONS];
};

/* Allows munmap from the place of the child's calls; the rest stops it. */
static void write_filter(struct sock_filter filter[FILTER_LENGTH])
{
	const uint64_t place = (uintptr_t)child_after_call;
	const struct sock_filter code[FILTER_LENGTH] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 7),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_munmap, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, instruction_pointer)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)place, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, instruction_pointer) +
				 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(place >> 32), 0,
			 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
	};

	memcpy(filter, code, sizeof(code));
}

/*
 * mremap() of no bytes makes a second mapping of the same shared pages. The
 * tender is position-independent: it lies above all of guest memory.
 */
static struct child_call *map_region(struct child_call *at,
				     const struct guest_mem *mem,
				     const struct guest_region *r)
{
	const unsigned as_in_tender = GUEST_READ | GUEST_WRITE;
	uint64_t bytes = r->end - r->start;

	*at++ = (struct child_call){
		SYS_mremap,
		{(uintptr_t)mem->base + r->start, 0, bytes,
		 MREMAP_MAYMOVE | MREMAP_FIXED, r->start},
		r->start,
		CHILD_MAP,
	};
	if (r->access == as_in_tender)
		return at;
	*at++ = (struct child_call){
		SYS_mprotect,
		{r->start, bytes,
		 (r->access & GUEST_READ ? PROT_READ : 0u) |
			 (r->access & GUEST_WRITE ? PROT_WRITE : 0u) |
			 (r->access & GUEST_EXEC ? PROT_EXEC : 0u)},
		0,
		CHILD_MAP,
	};
	return at;
}

static void write_plan(struct child_plan *plan, const struct guest_mem *mem)
{
	struct child_call *at = plan->call;

	plan->vectors.fcw = 0x37f;
	plan->vectors.mxcsr = 0x1f80;
	write_filter(plan->filter);
	plan->program.len = FILTER_LENGTH;
	plan->program.filter = plan->filter;
	*at++ = (struct child_call){
		SYS_prctl, {PR_SET_PDEATHSIG, SIGKILL}, 0, CHILD_TRACE};
	/* Did it die before the line above? */
	*at++ = (struct child_call){
		SYS_getppid, {0}, (uint64_t)getpid(), CHILD_TRACE};
	*at++ = (struct child_call){
		SYS_ptrace, {PTRACE_TRACEME}, 0, CHILD_TRACE};
	for (unsigned i = 0; i < mem->region_count; i++)
		at = map_region(at, mem, &mem->region[i]);
	*at++ = (struct child_call){SYS_close_range, {0, ~0U}, 0, CHILD_CLOSE};
	*at++ = (struct child_call){
		SYS_prctl, {PR_SET_NO_NEW_PRIVS, 1}, 0, CHILD_FILTER};
	*at++ = (struct child_call){
		SYS_seccomp,
		{SECCOMP_SET_MODE_FILTER, 0, (uintptr_t)&plan->program},
		0,
		CHILD_FILTER,
	};
	*at++ = (struct child_call){
		SYS_munmap, {mem->bytes, ADDRESSES_END - mem->bytes}, 0, 0};
}

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
	madvise(plan, sizeof(*plan), MADV_DOFORK);
	madvise(mem->base, mem->mapped_bytes, MADV_DOFORK);
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

pid_t guest_process_start(const struct guest_mem *mem)
{
	struct child_plan *plan =
		mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long pid;

	if (plan == MAP_FAILED)
		return -errno;
	write_plan(plan, mem);
	limit_fork(plan, mem);
	drop_rseq();
	pid = fork_into(plan);
	munmap(plan, sizeof(*plan));
	return (pid_t)pid;
}

bool guest_process_is_ready(const siginfo_t *info)
{
	return info->si_signo == SIGSEGV && info->si_code == SEGV_MAPERR &&
	       info->si_addr == child_after_call;
}
