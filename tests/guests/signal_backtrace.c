/* SPDX-License-Identifier: ISC */
/*
 * A backtrace taken in a handler leads through what was interrupted: by a
 * fault, and while it computed. (The C library has no tables for unwinding.)
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

static volatile int seen, done;
static volatile uintptr_t nowhere = 16;

static _Unwind_Reason_Code look(struct _Unwind_Context *context, void *function)
{
	int before;
	uintptr_t ip = _Unwind_GetIPInfo(context, &before);

	if (_Unwind_FindEnclosingFunction((void *)(ip - !before)) == function)
		seen++;
	return _URC_NO_REASON;
}

static void fault(void);
static void compute(void);

static void on_signal(int signal, siginfo_t *info, void *context)
{
	ucontext_t *c = context;

	(void)info;
	_Unwind_Backtrace(look,
			  signal == SIGSEGV ? (void *)fault : (void *)compute);
	done = 1;
	if (signal == SIGSEGV)
		c->uc_mcontext.gregs[REG_RIP] = c->uc_mcontext.gregs[REG_R12];
}

static __attribute__((noinline)) void fault(void)
{
	__asm__ volatile("lea 1f(%%rip), %%r12\n\tmovl $1, (%0)\n1:"
			 :
			 : "r"(nowhere)
			 : "r12", "memory");
}

static __attribute__((noinline)) void compute(void)
{
	ualarm(20000, 0);
	while (!done)
		;
}

int main(void)
{
	const struct sigaction a = {.sa_sigaction = on_signal,
				    .sa_flags = SA_SIGINFO};

	sigaction(SIGSEGV, &a, NULL);
	sigaction(SIGALRM, &a, NULL);
	fault();
	printf("fault %d\n", seen);
	done = seen = 0;
	compute();
	printf("compute %d\n", seen);
	return 0;
}
