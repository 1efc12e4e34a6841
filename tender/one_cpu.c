/* SPDX-License-Identifier: ISC */
/*
 * THEORY OF OPERATION
 * A hypercall wakes the tender, and its answer wakes the guest; never do both
 * run. The scheduler does not know that, and spreads them over CPUs that are
 * idle, where each wake is an interrupt to another CPU: in a virtual machine,
 * five times the price of a hypercall on one CPU. So they are bound to one CPU
 * when calls come in quick succession, and at the start. A guest that computes
 * may have to share that CPU while others are idle, so a timer unbinds them
 * soon, whatever they are doing. The scheduler then chooses anew.
 */
#include "one_cpu.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define HOLD_NS	     50000000 /* bound for that long */
#define QUICK_NS     200000   /* calls this near to each other, */
#define QUICK_ENOUGH 8	      /* so many of them, bind again */
#define NS_PER_S     1000000000LL

/* A signal handler has no argument to find these by. */
static volatile sig_atomic_t bound;
static cpu_set_t allowed;
static volatile pid_t guest_pid; /* 0: there is none */
static int timer;
static bool able; /* there are several CPUs, and a timer */

static void bind_to(const cpu_set_t *cpus)
{
	/* seccomp: sched_setaffinity of both */
	sched_setaffinity(0, sizeof(*cpus), cpus);
	if (guest_pid)
		sched_setaffinity(guest_pid, sizeof(*cpus), cpus);
}

static void on_timer(int signal)
{
	int saved = errno;

	(void)signal;
	bind_to(&allowed);
	bound = false;
	errno = saved;
}

static void bind_both(void)
{
	const struct itimerspec hold = {.it_value.tv_nsec = HOLD_NS};
	int cpu = sched_getcpu();
	cpu_set_t here;

	/* seccomp: getcpu, sched_getaffinity, timer_settime, rt_sigreturn */
	if (cpu < 0 || sched_getaffinity(0, sizeof(allowed), &allowed) < 0 ||
	    CPU_COUNT(&allowed) < 2)
		return;
	CPU_ZERO(&here);
	CPU_SET((unsigned)cpu, &here);
	bound = true;
	bind_to(&here);
	if (syscall(SYS_timer_settime, timer, 0, &hold, NULL) < 0)
		on_timer(0);
}

void one_cpu_begin(void)
{
	struct sigaction action = {
		.sa_handler = on_timer,
		.sa_flags = SA_RESTART,
	};
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGURG,
	};
	sigset_t signals;

	/*
	 * Blocked until the guest's process is known: that has our handler, but
	 * no stack for it. The timer is made by a plain system call, as musl's
	 * function brings threads along.
	 */
	sigemptyset(&signals);
	sigaddset(&signals, SIGURG);
	able = !sigprocmask(SIG_BLOCK, &signals, NULL) &&
	       !sigaction(SIGURG, &action, NULL) &&
	       !syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer);
	guest_pid = 0;
	if (able)
		bind_both();
}

void one_cpu_guest(pid_t guest)
{
	sigset_t signals;

	guest_pid = guest;
	sigemptyset(&signals);
	sigaddset(&signals, SIGURG);
	/* Whoever started the tender may have blocked it, too. */
	if (able && guest)
		sigprocmask(SIG_UNBLOCK, &signals, NULL);
}

void one_cpu_call(void)
{
	static int64_t last_ns;
	static unsigned quick;
	struct timespec t;
	int64_t now_ns;

	if (bound || !able)
		return;
	clock_gettime(CLOCK_MONOTONIC, &t);
	now_ns = t.tv_sec * NS_PER_S + t.tv_nsec;
	quick = now_ns - last_ns < QUICK_NS ? quick + 1 : 0;
	last_ns = now_ns;
	if (quick < QUICK_ENOUGH)
		return;
	quick = 0;
	bind_both();
}

int one_cpu_timer(void)
{
	return able ? timer : -1;
}
