/* SPDX-License-Identifier: ISC */
#include "regs_x86_64.h"

#include <signal.h>
#include <stdio.h>

#include "hypercall.h"
#include "upcall.h"
#include "vcpu.h"

void regs_call(const struct kvm_regs *regs, unsigned port,
	       struct vcpu_exit *exit)
{
	if (port < BP_PORT_BASE || port - BP_PORT_BASE >= BP_PORT_COUNT) {
		vcpu_exit_trap(exit, SIGSYS,
			       "access to a port that is no hypercall");
		return;
	}
	exit->kind = VCPU_CALL;
	exit->call.number = port - BP_PORT_BASE;
	exit->call.arg[0] = regs->rdi;
	exit->call.arg[1] = regs->rsi;
	exit->call.arg[2] = regs->rcx;
	exit->call.arg[3] = regs->r8;
	exit->call.arg[4] = regs->r9;
}

void regs_place(const struct kvm_regs *regs, struct vcpu_place *place)
{
	place->pc = regs->rip;
	place->sp = regs->rsp;
	place->frame = regs->rbp;
}

void regs_frame(const struct kvm_regs *r, struct bp_upcall_frame *frame)
{
	frame->rip = r->rip;
	frame->rsp = r->rsp;
	frame->rflags = r->rflags;
	frame->rax = r->rax;
	frame->rbx = r->rbx;
	frame->rcx = r->rcx;
	frame->rdx = r->rdx;
	frame->rsi = r->rsi;
	frame->rdi = r->rdi;
	frame->rbp = r->rbp;
	frame->r8 = r->r8;
	frame->r9 = r->r9;
	frame->r10 = r->r10;
	frame->r11 = r->r11;
	frame->r12 = r->r12;
	frame->r13 = r->r13;
	frame->r14 = r->r14;
	frame->r15 = r->r15;
}

void regs_format(const struct kvm_regs *r, char *text, size_t bytes)
{
	snprintf(text, bytes,
		 "  rip %016llx  rsp %016llx  rflags %08llx\n"
		 "  rax %016llx  rbx %016llx  rcx %016llx  rdx %016llx\n"
		 "  rsi %016llx  rdi %016llx  rbp %016llx  r8  %016llx\n"
		 "  r9  %016llx  r10 %016llx  r11 %016llx  r12 %016llx\n"
		 "  r13 %016llx  r14 %016llx  r15 %016llx\n",
		 r->rip, r->rsp, r->rflags, r->rax, r->rbx, r->rcx, r->rdx,
		 r->rsi, r->rdi, r->rbp, r->r8, r->r9, r->r10, r->r11, r->r12,
		 r->r13, r->r14, r->r15);
}
