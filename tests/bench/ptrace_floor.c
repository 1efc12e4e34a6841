/* SPDX-License-Identifier: ISC */
/*
 * What the kernel itself takes for a hypercall of the process vCPU: a child
 * that does nothing but `out`, which faults, and a tracer that does the least
 * which any tracer must do to serve such a call.
 *
 *	ptrace_floor N
 *
 * For each call that is one wait and three requests: GETREGS, as arguments are
 * in registers; SETREGS, as the result and the address to go on at are; CONT.
 * Both run on one CPU, which is the best they can do.
 */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define PORT 0x500

static _Noreturn void fault_for_ever(void)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(1);
	for (;;)
		__asm__ volatile("outl %%eax, %%dx" : : "a"(0), "d"(PORT));
}

static int serve(pid_t child)
{
	struct user_regs_struct regs;
	int status;

	if (waitpid(child, &status, 0) < 0 || !WIFSTOPPED(status) ||
	    WSTOPSIG(status) != SIGSEGV ||
	    ptrace(PTRACE_GETREGS, child, NULL, &regs) < 0)
		return -1;
	regs.rax = regs.rdi;
	regs.rip++;
	if (ptrace(PTRACE_SETREGS, child, NULL, &regs) < 0 ||
	    ptrace(PTRACE_CONT, child, NULL, 0) < 0)
		return -1;
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 1, start;
	cpu_set_t here;
	pid_t child;

	CPU_ZERO(&here);
	CPU_SET((unsigned)sched_getcpu(), &here);
	if (sched_setaffinity(0, sizeof(here), &here) < 0)
		return 1;
	child = fork();
	if (child == 0)
		fault_for_ever();
	if (child < 0 || serve(child))
		return 1;
	start = bench_now_ns();
	for (uint64_t i = 0; i < count; i++)
		if (serve(child))
			return 1;
	bench_report(count, bench_now_ns() - start, count);
	kill(child, SIGKILL);
	return 0;
}
