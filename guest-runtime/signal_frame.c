/* SPDX-License-Identifier: ISC */
/*
 * Handlers between two instructions of the program: where it was interrupted,
 * and where it trapped.
 *
 * THEORY OF OPERATION
 * The thread's registers are in ->saved, and we run on the upcall's stack. A
 * frame with all of them goes onto the thread's stack, below the red zone, and
 * ->saved becomes the entry of the handler. It returns into signal_x86_64.S,
 * which has the registers, as the handler left them, resumed. A handler that
 * never returns (siglongjmp) leaves nothing behind.
 */
#include <string.h>
#include <ucontext.h>

#include "hypercall_x86_64.h"
#include "interrupt.h"
#include "rt_syscall.h"
#include "runtime.h"
#include "signals.h"
#include "thread.h"

#define RED_ZONE     128
#define VECTOR_ALIGN 64UL

#define VECTOR_BREAKPOINT 3
#define VECTOR_DEBUG	  1
#define VECTOR_PAGE_FAULT 14

#define FLAGS_KEPT  0x3000ULL /* IOPL */
#define FLAGS_START 0x202ULL

struct frame {
	uintptr_t return_address;
	ucontext_t context;
	siginfo_t info;
	uint64_t cancel_point; /* it was about to begin a call, or behind it */
};

/* What FXSAVE and XSAVE begin with; XSAVE's header follows: SDM 1, 13.4. */
struct vector_head {
	uint16_t control;
	uint16_t status;
	uint16_t tags;
	uint8_t rest[18];
	uint32_t mxcsr;
	uint8_t more[484];
	uint64_t components;
};

void __rt_signal_return(void);
_Noreturn void __rt_signal_returned(struct frame *frame);
_Noreturn void __rt_signal_exit(int status);

void __rt_signal_put_registers(gregset_t to, const struct rt_registers *r)
{
	const uint64_t value[] = {r->r8,  r->r9,  r->r10,   r->r11, r->r12,
				  r->r13, r->r14, r->r15,   r->rdi, r->rsi,
				  r->rbp, r->rbx, r->rdx,   r->rax, r->rcx,
				  r->rsp, r->rip, r->rflags};

	/* In the order of REG_R8 to REG_EFL. */
	memcpy(to, value, sizeof(value));
}

void __rt_signal_take_registers(struct rt_registers *r, const gregset_t from)
{
	uint64_t v[REG_EFL + 1];

	memcpy(v, from, sizeof(v));
	*r = (struct rt_registers){
		.rip = v[REG_RIP],
		.rsp = v[REG_RSP],
		.rflags = v[REG_EFL],
		.rax = v[REG_RAX],
		.rbx = v[REG_RBX],
		.rcx = v[REG_RCX],
		.rdx = v[REG_RDX],
		.rsi = v[REG_RSI],
		.rdi = v[REG_RDI],
		.rbp = v[REG_RBP],
		.r8 = v[REG_R8],
		.r9 = v[REG_R9],
		.r10 = v[REG_R10],
		.r11 = v[REG_R11],
		.r12 = v[REG_R12],
		.r13 = v[REG_R13],
		.r14 = v[REG_R14],
		.r15 = v[REG_R15],
	};
}

/* As at the start of a program. */
static void reset_vector(void *vector)
{
	struct vector_head *head = vector;

	head->control = 0x37f;
	head->status = head->tags = 0;
	head->mxcsr = 0x1f80;
	if (__rt_vector_mask)
		head->components = 0;
}

/* The thread goes on with @function, as if it had called it. */
static void go_on_with(struct rt_thread *thread, uintptr_t function,
		       uint64_t argument)
{
	struct rt_registers *r = &thread->saved->registers;

	r->rip = function;
	r->rdi = argument;
	r->rsp = ((r->rsp - RED_ZONE) & ~15UL) - 8;
	r->rflags = (r->rflags & FLAGS_KEPT) | FLAGS_START;
}

static ucontext_t *push_frame(struct rt_thread *thread,
			      const struct rt_sigaction *action,
			      const siginfo_t *info, uint64_t before)
{
	struct rt_registers *r = &thread->saved->registers;
	uintptr_t sp = __rt_signal_stack(action, r->rsp);
	struct frame *frame;
	void *vector;

	sp = sp == r->rsp ? sp - RED_ZONE : sp;
	vector = (void *)((sp - __rt_vector_bytes) & ~(VECTOR_ALIGN - 1));
	/* On entry of a function, a return address makes it odd. */
	frame = (void *)((((uintptr_t)vector - sizeof(*frame)) & ~15UL) - 8);
	frame->return_address = (uintptr_t)__rt_signal_return;
	__rt_signal_context(&frame->context, before);
	__rt_signal_put_registers(frame->context.uc_mcontext.gregs, r);
	memcpy(vector, thread->saved->vector, __rt_vector_bytes);
	frame->context.uc_mcontext.fpregs = vector;
	frame->info = *info;
	frame->cancel_point = thread->cancel_point;
	thread->cancel_point = 0;
	reset_vector(thread->saved->vector);
	r->rip = (uintptr_t)action->handler;
	r->rsp = (uintptr_t)frame;
	r->rdi = (uint64_t)info->si_signo;
	r->rsi = (uintptr_t)&frame->info;
	r->rdx = (uintptr_t)&frame->context;
	r->rax = 0;
	r->rflags = (r->rflags & FLAGS_KEPT) | FLAGS_START;
	return &frame->context;
}

void __rt_signal_deliver_preempted(struct rt_thread *thread)
{
	struct rt_sigaction action;
	uint64_t before;
	siginfo_t info;
	int signal;

	thread->due &= ~RT_DUE_SIGNAL;
	while ((signal = __rt_signal_begin(&info, &action, &before))) {
		if (action.handler == SIG_DFL) {
			go_on_with(thread, (uintptr_t)__rt_signal_exit,
				   128 + (uint64_t)signal);
			return;
		}
		push_frame(thread, &action, &info, before);
	}
}

void __rt_signal_exit(int status)
{
	__rt_section_enter();
	__rt_sys_exit_group(status);
	__builtin_unreachable();
}

/* In a section; the handler has returned. */
void __rt_signal_returned(struct frame *frame)
{
	struct rt_thread *self = __rt_self;
	const ucontext_t *context = &frame->context;

	/* Until it is resumed, as what came then would be noted in vain. */
	__rt_upcall_frame.busy = 1;
	__rt_signal_take_registers(&self->saved->registers,
				   context->uc_mcontext.gregs);
	memcpy(self->saved->vector, context->uc_mcontext.fpregs,
	       __rt_vector_bytes);
	memcpy(&self->signals_blocked, &context->uc_sigmask,
	       sizeof(self->signals_blocked));
	self->signals_blocked &= ~RT_NEVER_BLOCKED;
	self->cancel_point = frame->cancel_point;
	__rt_signal_unblocked();
	__rt_resume_prepare(self);
	__rt_resume(self->saved);
}

/* Linux: fpu__exception_code(). */
static int fpe_code(const struct bp_upcall_frame *frame,
		    const struct vector_head *vector)
{
	unsigned raised = vector->status & ~(unsigned)vector->control;

	if (frame->vector == 0)
		return FPE_INTDIV;
	if (frame->vector == 19)
		raised = vector->mxcsr & ~(vector->mxcsr >> 7);
	if (raised & 0x01)
		return FPE_FLTINV;
	if (raised & 0x04)
		return FPE_FLTDIV;
	if (raised & 0x08)
		return FPE_FLTOVF;
	if (raised & 0x12)
		return FPE_FLTUND;
	return raised & 0x20 ? FPE_FLTRES : 0;
}

/* What Linux tells of the exception. */
static void describe(const struct bp_upcall_frame *frame, const void *vector,
		     siginfo_t *info)
{
	memset(info, 0, sizeof(*info));
	info->si_signo = (int)frame->signal;
	info->si_code = SI_KERNEL;
	if (frame->code == BP_TRAP_NO_DATA) {
		info->si_code = BUS_ADRERR;
		info->si_addr = (void *)frame->address;
	} else if (frame->vector == VECTOR_PAGE_FAULT) {
		info->si_code = frame->code == BP_TRAP_NOT_MAPPED ? SEGV_MAPERR
								  : SEGV_ACCERR;
		info->si_addr = (void *)frame->address;
	} else if (frame->signal == SIGFPE) {
		info->si_code = fpe_code(frame, vector);
		info->si_addr = (void *)frame->rip;
	} else if (frame->signal == SIGILL) {
		info->si_code = ILL_ILLOPN;
		info->si_addr = (void *)frame->rip;
	} else if (frame->vector == 17) {
		info->si_code = BUS_ADRALN;
	}
}

/*
 * Files are saved, as the trap was in no section; then the same trap comes
 * again, and the tender reports it.
 */
static _Noreturn void give_up(const struct bp_upcall_frame *frame)
{
	struct rt_thread *self = __rt_self;

	hypercall_upcall(0, 0, 0, 0);
	if (__rt_at_exit)
		__rt_at_exit();
	if (frame->vector == VECTOR_BREAKPOINT)
		self->saved->registers.rip--;
	else if (frame->vector == VECTOR_DEBUG)
		go_on_with(self, (uintptr_t)__rt_signal_exit, 128 + SIGTRAP);
	__rt_resume_last(self->saved);
}

static void trap(const struct bp_upcall_frame *frame)
{
	struct rt_thread *self = __rt_self;
	int signal = (int)frame->signal;
	struct rt_sigaction *a = &__rt_signal_actions[signal];
	const struct rt_sigaction action = *a;
	uint64_t before = self->signals_blocked;
	ucontext_t *context;
	siginfo_t info;

	if (action.handler == SIG_DFL || action.handler == SIG_IGN ||
	    before & __rt_signal_bit(signal))
		give_up(frame);
	if (action.flags & SA_RESETHAND)
		a->handler = SIG_DFL;
	self->signals_blocked |= action.mask;
	if (!(action.flags & SA_NODEFER))
		self->signals_blocked |= __rt_signal_bit(signal);
	describe(frame, self->saved->vector, &info);
	context = push_frame(self, &action, &info, before);
	context->uc_mcontext.gregs[REG_TRAPNO] = (long)frame->vector;
	context->uc_mcontext.gregs[REG_ERR] = (long)frame->error;
	context->uc_mcontext.gregs[REG_CR2] = (long)frame->address;
}

void __rt_signal_upcall(const struct bp_upcall_frame *frame)
{
	if (frame->kind == BP_UPCALL_TRAP)
		trap(frame);
	else
		__rt_host_signal((int)frame->signal);
}
