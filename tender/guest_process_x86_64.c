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

#define FILTER_LENGTH 10

/*
 * The exit ramp, copied into a page of its own. On entry: RBX its page, R12
 * the end of guest memory, R13 the filter. A failure ends in `ud2`.
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
static bool map_regions(const struct guest_mem *mem)
{
	for (unsigned i = 0; i < mem->region_count; i++) {
		const struct guest_region *r = &mem->region[i];
		int protection = (r->access & GUEST_READ ? PROT_READ : 0) |
				 (r->access & GUEST_WRITE ? PROT_WRITE : 0) |
				 (r->access & GUEST_EXEC ? PROT_EXEC : 0);
		void *want = (void *)(uintptr_t)r->start;
		size_t bytes = r->end - r->start;

		if (mremap(mem->base + r->start, 0, bytes,
			   MREMAP_MAYMOVE | MREMAP_FIXED, want) != want ||
		    mprotect(want, bytes, protection))
			return false;
	}
	return true;
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

_Noreturn void guest_process_become(const struct guest_mem *mem, pid_t tender)
{
	uint8_t *page;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != tender)
		_exit(CHILD_TRACE); /* it died before the line above */
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(CHILD_TRACE);
	page = make_ramp();
	if (page == MAP_FAILED || !map_regions(mem) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		_exit(CHILD_MAP);
	if (syscall(SYS_close_range, 0U, ~0U, 0U) < 0)
		for (int fd = 0, end = (int)sysconf(_SC_OPEN_MAX); fd < end;
		     fd++)
			close(fd);
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
