/* SPDX-License-Identifier: ISC */
/*
 * THEORY OF OPERATION
 * Only a process itself can change its mappings, and the guest's makes no
 * system calls. So the tender makes one for it: with the guest stopped, it puts
 * a `syscall` into the page of guest code that is being executed (it has that
 * memory mapped, too), lets the process run over it, and takes it out again.
 * The process keeps no other memory than the guest's and no code of ours.
 *
 * The filter lets that one call pass by a key in a register that the call does
 * not use: 64 random bits, which the guest never sees, as all registers are put
 * back before it goes on. A guest that makes the same call stops before it
 * (PTRACE_SYSEMU), and without that, at the filter.
 */
#include "protect_process_x86_64.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <linux/kvm.h>

#include "guest_memory.h"
#include "log.h"
#include "memory_map.h"
#include "tracee.h"

#define REG(name) offsetof(struct user_regs_struct, name)

static const char protecting[] = "protecting memory";

static const uint8_t patch[] = {0x0f, 0x05, 0xcc}; /* syscall; int3 */

struct reg_value {
	uint64_t offset, value;
};

static int poke_all(struct tracee *t, const struct reg_value *reg, size_t count)
{
	int err = 0;

	for (size_t i = 0; i < count && !err; i++)
		err = tracee_poke(t, reg[i].offset, reg[i].value);
	return err;
}

static int load_call(struct tracee *t, uint64_t at, uint64_t key,
		     uint64_t start, uint64_t end, unsigned access)
{
	const struct reg_value reg[] = {
		{REG(rip), at},
		{REG(rax), SYS_mprotect},
		{REG(rdi), start},
		{REG(rsi), end - start},
		{REG(rdx), (access & GUEST_READ ? PROT_READ : 0u) |
				   (access & GUEST_WRITE ? PROT_WRITE : 0u) |
				   (access & GUEST_EXEC ? PROT_EXEC : 0u)},
		{REG(r9), key},
		{REG(orig_rax), ~0ULL},
	};

	return poke_all(t, reg, sizeof(reg) / sizeof(reg[0]));
}

/* All that load_call() and the call itself have changed, but RAX and RIP. */
static int put_back(struct tracee *t, const struct kvm_regs *regs)
{
	const struct reg_value reg[] = {
		{REG(rdi), regs->rdi},	     {REG(rsi), regs->rsi},
		{REG(rdx), regs->rdx},	     {REG(rcx), regs->rcx},
		{REG(r9), regs->r9},	     {REG(r11), regs->r11},
		{REG(eflags), regs->rflags}, {REG(orig_rax), ~0ULL},
	};

	return poke_all(t, reg, sizeof(reg) / sizeof(reg[0]));
}

/*
 * Lets it run until the call has been made. Whatever else stops it is of no
 * interest now; *@kicked says that there was something.
 */
static int run_call(struct tracee *t, uint64_t at,
		    struct user_regs_struct *user, bool *kicked)
{
	int status, err;

	for (;;) {
		err = tracee_request(t, PTRACE_CONT, 0, NULL, protecting);
		if (!err)
			err = tracee_wait(t, &status);
		if (err)
			return err;
		if (!WIFSTOPPED(status))
			return tracee_killed(status);
		err = tracee_request(t, PTRACE_GETREGS, 0, user, protecting);
		if (err)
			return err;
		/* At the breakpoint, or before it, when it is no code now. */
		if ((WSTOPSIG(status) == SIGTRAP ||
		     WSTOPSIG(status) == SIGSEGV) &&
		    user->rip != at)
			return 0;
		if (WSTOPSIG(status) == SIGSYS) {
			log_error("process vCPU: the filter forbids to protect "
				  "memory");
			return -EPERM;
		}
		*kicked = true;
	}
}

int protect_process(struct tracee *t, const struct guest_mem *mem,
		    const struct kvm_regs *regs, uint64_t code, uint64_t key,
		    uint64_t start, uint64_t end, unsigned access)
{
	uint64_t at = code & ~(BP_PAGE_BYTES - 1);
	struct user_regs_struct user = {0};
	uint8_t saved[sizeof(patch)];
	bool kicked = false;
	int err;

	memcpy(saved, mem->base + at, sizeof(saved));
	memcpy(mem->base + at, patch, sizeof(patch));
	err = load_call(t, at, key, start, end, access);
	if (!err)
		err = run_call(t, at, &user, &kicked);
	memcpy(mem->base + at, saved, sizeof(saved));
	if (!err)
		err = put_back(t, regs);
	if (kicked && t->pid)
		kill(t->pid, SIGSTOP);
	if (err || !user.rax)
		return err;
	log_error("process vCPU: protecting memory: %s%s",
		  strerror(-(int)user.rax),
		  (int)user.rax == -ENOMEM
			  ? "; raise the sysctl vm.max_map_count"
			  : "");
	return (int)user.rax;
}
