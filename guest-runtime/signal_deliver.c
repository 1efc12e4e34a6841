/* SPDX-License-Identifier: ISC */
/* Handlers behind system calls, and what all of them need. */
#include <errno.h>
#include <string.h>
#include <ucontext.h>

#include "interrupt.h"
#include "rt_syscall.h"
#include "signals.h"
#include "thread.h"

#define FXSAVE_BYTES 512
#define MXCSR_START  0x1f80U

/* signal_x86_64.S: calls the handler with the stack that ends at @stack. */
void __rt_signal_call(void (*handler)(int, siginfo_t *, void *), int signal,
		      siginfo_t *info, void *context, uintptr_t stack);

int __rt_signal_begin(siginfo_t *info, struct rt_sigaction *action,
		      uint64_t *before)
{
	struct rt_thread *self = __rt_self;
	int signal;

	do
		signal = __rt_signal_take(~self->signals_blocked, info);
	while (signal && __rt_signal_is_ignored(signal));
	if (!signal)
		return 0;
	*action = __rt_signal_actions[signal];
	if (action->flags & SA_RESETHAND)
		__rt_signal_actions[signal].handler = SIG_DFL;
	*before = self->signals_borrowed ? self->signals_before
					 : self->signals_blocked;
	self->signals_borrowed = 0;
	if (action->handler == SIG_DFL)
		return signal;
	self->signals_blocked |= action->mask;
	if (!(action->flags & SA_NODEFER))
		self->signals_blocked |= __rt_signal_bit(signal);
	return signal;
}

static int is_on_altstack(uintptr_t sp)
{
	const struct rt_thread *self = __rt_self;

	return sp - self->altstack < self->altstack_bytes;
}

uintptr_t __rt_signal_stack(const struct rt_sigaction *action, uintptr_t sp)
{
	const struct rt_thread *self = __rt_self;

	if (!(action->flags & SA_ONSTACK) || !self->altstack_bytes ||
	    is_on_altstack(sp))
		return sp;
	return self->altstack + self->altstack_bytes;
}

void __rt_signal_context(ucontext_t *context, uint64_t before)
{
	const struct rt_thread *self = __rt_self;

	memset(context, 0, sizeof(*context));
	context->uc_stack.ss_sp = (void *)self->altstack;
	context->uc_stack.ss_size = self->altstack_bytes;
	context->uc_stack.ss_flags = self->altstack_bytes ? 0 : SS_DISABLE;
	memcpy(&context->uc_sigmask, &before, sizeof(before));
}

/* What FXSAVE writes, and what a handler starts with. */
struct vector {
	_Alignas(16) unsigned char state[FXSAVE_BYTES];
};

static void save_vector(struct vector *v)
{
	const unsigned modes = MXCSR_START;

	__asm__ volatile("fxsave64 %0; fninit; ldmxcsr %1"
			 : "=m"(*v)
			 : "m"(modes)
			 : "memory");
}

static void load_vector(const struct vector *v)
{
	__asm__ volatile("fxrstor64 %0" : : "m"(*v) : "memory");
}

/*
 * The program's registers are those behind the call. 1: the handler changed
 * them, and they are to be gone on with.
 */
static int call_handler(siginfo_t *info, const struct rt_sigaction *action,
			uint64_t before, struct rt_registers *registers)
{
	struct rt_thread *self = __rt_self;
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0), stack;
	const struct rt_registers was = *registers;
	struct vector vector;
	ucontext_t context;

	__rt_signal_context(&context, before);
	__rt_signal_put_registers(context.uc_mcontext.gregs, registers);
	context.uc_mcontext.fpregs = (void *)&vector;
	stack = __rt_signal_stack(action, sp);
	/* Others that are pending interrupt this one before it begins. */
	__rt_signal_unblocked();
	__rt_section_leave();
	save_vector(&vector);
	__rt_signal_call(action->with_info, info->si_signo, info, &context,
			 stack == sp ? 0 : stack);
	load_vector(&vector);
	__rt_section_enter();
	memcpy(&self->signals_blocked, &context.uc_sigmask,
	       sizeof(self->signals_blocked));
	self->signals_blocked &= ~RT_NEVER_BLOCKED;
	__rt_signal_take_registers(registers, context.uc_mcontext.gregs);
	return memcmp(registers, &was, sizeof(was)) != 0;
}

long __rt_signal_deliver(long result, struct rt_registers *registers)
{
	/* Where a function of the runtime's was called: what can be told. */
	struct rt_registers here = {
		.rip = (uintptr_t)__builtin_return_address(0),
		.rsp = (uintptr_t)__builtin_frame_address(0),
	};

	struct rt_thread *self = __rt_self;
	int keeps_eintr = self->keeps_eintr, handled = 0, restart = 1, signal;
	struct rt_sigaction action;
	uint64_t before;
	siginfo_t info;

	self->keeps_eintr = 0;
	self->due &= ~RT_DUE_SIGNAL;
	while ((signal = __rt_signal_begin(&info, &action, &before))) {
		if (action.handler == SIG_DFL)
			__rt_sys_exit_group(128 + signal);
		/* As on Linux, the first one decides. */
		if (!handled++)
			restart = !keeps_eintr && action.flags & SA_RESTART;
		if (call_handler(&info, &action, before,
				 registers ? registers : &here) &&
		    registers)
			result = -RT_CHANGED;
	}
	if (self->signals_borrowed) {
		self->signals_borrowed = 0;
		self->signals_blocked = self->signals_before;
	}
	return result == -EINTR && restart ? -RT_RESTART : result;
}

long __rt_sys_sigaltstack(const void *new, void *old)
{
	struct rt_thread *self = __rt_self;
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
	stack_t wanted, was = {
				.ss_sp = (void *)self->altstack,
				.ss_size = self->altstack_bytes,
				.ss_flags = !self->altstack_bytes ? SS_DISABLE
					    : is_on_altstack(sp)  ? SS_ONSTACK
								  : 0,
			};

	if (new) {
		wanted = *(const stack_t *)new;
		if (is_on_altstack(sp))
			return -EPERM;
		if (wanted.ss_flags & ~(SS_DISABLE | SS_ONSTACK))
			return -EINVAL;
		if (wanted.ss_flags & SS_DISABLE)
			wanted.ss_size = 0;
		else if (wanted.ss_size < MINSIGSTKSZ)
			return -ENOMEM;
		self->altstack = (uintptr_t)wanted.ss_sp;
		self->altstack_bytes = wanted.ss_size;
	}
	if (old)
		*(stack_t *)old = was;
	return 0;
}
