/* SPDX-License-Identifier: ISC */
#include "tracee.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "log.h"
#include "one_cpu.h"

/* An enum for glibc, a number for musl. */
#ifdef __GLIBC__
#define PTRACE_REQUEST(n) ((enum __ptrace_request)(n))
#else
#define PTRACE_REQUEST(n) (n)
#endif

static int failed(const char *what)
{
	int err = errno;

	log_error("process vCPU: %s: %s", what, strerror(err));
	return -err;
}

static void forget(struct tracee *t)
{
	t->pid = 0;
	one_cpu_guest(0);
}

int tracee_wait(struct tracee *t, int *status)
{
	/* seccomp: wait4 on the guest's process */
	while (waitpid(t->pid, status, __WALL) < 0)
		if (errno != EINTR)
			return failed("waiting for the guest's process");
	if (!WIFSTOPPED(*status))
		forget(t);
	return 0;
}

int tracee_killed(int status)
{
	log_error("process vCPU: the guest's process was killed (signal %d); "
		  "is the host out of memory?",
		  WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	return -ECHILD;
}

int tracee_request(struct tracee *t, int request, uint64_t address, void *data,
		   const char *what)
{
	int status, err;

	/* seccomp: ptrace on the guest's process */
	if (ptrace(PTRACE_REQUEST(request), t->pid, (void *)(uintptr_t)address,
		   data) >= 0)
		return 0;
	if (errno != ESRCH)
		return failed(what);
	/* Killed between its stop and now. */
	err = tracee_wait(t, &status);
	return err ? err : tracee_killed(status);
}

int tracee_poke(struct tracee *t, uint64_t offset, uint64_t value)
{
	return tracee_request(t, PTRACE_POKEUSER, offset,
			      (void *)(uintptr_t)value, "writing a register");
}

void tracee_end(struct tracee *t)
{
	if (!t->pid)
		return;
	/* seccomp: kill SIGSTOP, SIGKILL on the guest's process */
	if (kill(t->pid, SIGKILL) < 0)
		return; /* the kernel does it when the tender ends */
	while (waitpid(t->pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	forget(t);
}
