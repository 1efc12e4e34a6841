/* SPDX-License-Identifier: ISC */
/*
 * Each line of the table below stands for a comment "seccomp: ..." beside the
 * code that makes the call; tests/sandbox.bats holds one against the other.
 */
#include "sandbox_rules.h"

#include <asm/prctl.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/kvm.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call_filter_x86_64.h"
#include "event.h"
#include "inspect.h"
#include "log.h"
#include "machine.h"
#include "net_pcap.h"
#include "one_cpu.h"

/* asm/ptrace-abi.h */
#define PTRACE_SYSEMU_X86	     31
#define PTRACE_SYSEMU_SINGLESTEP_X86 32
#define CHECKS_MAX		     4
#define CONSTANTS_MAX		     8

/* An argument: of the values of an operand, or of @count constants. */
struct rule_check {
	unsigned arg;
	bool wide;
	enum sandbox_operand operand;
	unsigned count; /* 0: the operand decides */
	uint64_t constant[CONSTANTS_MAX];
};

struct rule {
	unsigned number;
	enum sandbox_operand when; /* it has values; 0: always */
	unsigned checks;
	struct rule_check check[CHECKS_MAX];
};

#define COUNT(...) (sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))
/* The kernel looks at 32 bits of an int, and at all of a long. */
#define IS(n, set)                            \
	{                                     \
		.arg = (n), .operand = (set), \
	}
#define IS_LONG(n, set)                                     \
	{                                                   \
		.arg = (n), .wide = true, .operand = (set), \
	}
#define IN(n, ...)                                       \
	{                                                \
		.arg = (n), .count = COUNT(__VA_ARGS__), \
		.constant = {__VA_ARGS__},               \
	}
#define IN_LONG(n, ...)                                                \
	{                                                              \
		.arg = (n), .wide = true, .count = COUNT(__VA_ARGS__), \
		.constant = {__VA_ARGS__},                             \
	}
#define RULE(call, set, ...)                                         \
	{                                                            \
		call, set,                                           \
			sizeof((struct rule_check[]){__VA_ARGS__}) / \
				sizeof(struct rule_check),           \
		{                                                    \
			__VA_ARGS__                                  \
		}                                                    \
	}
#define ALLOW(name, ...)	   RULE(SYS_##name, FD_INPUT, __VA_ARGS__)
#define ALLOW_WITH(set, name, ...) RULE(SYS_##name, set, __VA_ARGS__)
#define ALLOW_ANY(name)               \
	{                             \
		.number = SYS_##name, \
	}
/* Any, but only where there are values of this kind. */
#define ALLOW_ANY_WITH(set, name)                    \
	{                                            \
		.number = SYS_##name, .when = (set), \
	}

_Static_assert(FD_INPUT == 0, "a rule without a condition has this one");

/* clang-format off */
static const struct rule rules[] = {
	/* Every exit of the guest. */
	ALLOW(ioctl, IS(0, FD_VCPU), IN(1, KVM_RUN), IN_LONG(2, 0)),
	ALLOW(ioctl, IS(0, FD_VCPU), IN(1, KVM_GET_REGS, KVM_SET_REGS,
					KVM_GET_SREGS, KVM_SET_SREGS,
					KVM_GET_VCPU_EVENTS)),
	ALLOW(ptrace, IS_LONG(1, PID_GUEST),
	      IN_LONG(0, PTRACE_GETREGS, PTRACE_POKEUSER, PTRACE_SYSEMU_X86,
		      PTRACE_CONT, PTRACE_GETSIGINFO, PTRACE_GETFPREGS)),
	ALLOW(wait4, IS(0, PID_GUEST), IN(2, __WALL), IN_LONG(3, 0)),
	/* Console and disks. */
	ALLOW(write, IS(0, FD_OUTPUT)),
	ALLOW(read, IS(0, FD_INPUT)),
	ALLOW_ANY(poll),
	ALLOW_ANY(ppoll),
	ALLOW(preadv, IS(0, FD_DISKS)),
	ALLOW(pwritev, IS(0, FD_WRITABLE_DISKS)),
	ALLOW(fdatasync, IS(0, FD_WRITABLE_DISKS)),
	ALLOW(fallocate, IS(0, FD_WRITABLE_DISKS),
	      IN(1, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)),
	/* Networks, and the capture of them. */
	ALLOW(writev, IS(0, FD_PACKET_NETS)),
	ALLOW(readv, IS(0, FD_PACKET_NETS)),
	ALLOW(sendmsg, IS(0, FD_STREAM_NETS), IN(2, MSG_DONTWAIT | MSG_NOSIGNAL)),
	ALLOW(recvfrom, IS(0, FD_STREAM_NETS), IN(3, MSG_DONTWAIT),
	      IN_LONG(4, 0), IN_LONG(5, 0)),
	ALLOW(ioctl, IS(0, FD_STREAM_NETS), IN(1, SIOCOUTQ)),
	ALLOW(writev, IS(0, FD_CAPTURE)),
	ALLOW(ftruncate, IS(0, FD_CAPTURE)),
	ALLOW(close, IS(0, FD_CLOSED_LATER)),
	ALLOW(shutdown, IS(0, FD_STREAM_NETS), IN(1, SHUT_RDWR)),
	ALLOW(wait4, IS(0, PID_HELPERS), IN(2, 0), IN_LONG(3, 0)),
	ALLOW(read, IS(0, FD_HELPERS)),
	/* Time and chance. */
	ALLOW_ANY(clock_gettime),
	ALLOW_ANY(getrandom),
	/* The guest's process: where it runs, and its end. */
	ALLOW_ANY(getcpu),
	ALLOW(sched_getaffinity, IN(0, 0)),
	ALLOW(sched_setaffinity, IS(0, PID_GUEST_OR_SELF)),
	ALLOW(timer_settime, IS(0, ID_TIMERS)),
	ALLOW(kill, IS(0, PID_GUEST), IN(1, SIGSTOP, SIGKILL)),
	ALLOW(kill, IS(0, PID_TENDER), IN(1, SIGXCPU)),
	ALLOW_ANY(getpid),
	/* Signals, and the end. */
	ALLOW_ANY(rt_sigreturn),
	ALLOW_ANY(rt_sigprocmask),
	ALLOW_ANY(restart_syscall),
	ALLOW_ANY(exit_group),
	/* Files of statistics, traces and the like. */
	ALLOW(write, IS(0, FD_REPORTS)),
	ALLOW(lseek, IS(0, FD_REPORTS)),
	ALLOW(ftruncate, IS(0, FD_REPORTS)),
	ALLOW_ANY_WITH(FD_REPORTS, mincore),
	ALLOW_ANY_WITH(FD_REPORTS, sysinfo),
	ALLOW(getrusage, IN(0, RUSAGE_SELF)),
	ALLOW_WITH(FD_REPORTS, ioctl, IS(0, FD_VCPU), IN(1, KVM_GET_XSAVE)),
	/* A debugger. */
	ALLOW_WITH(FD_DEBUGGER, ioctl, IS(0, FD_VCPU),
		   IN(1, KVM_GET_XSAVE, KVM_SET_XSAVE, KVM_GET_DEBUGREGS,
		      KVM_SET_DEBUGREGS)),
	ALLOW_WITH(FD_DEBUGGER, ptrace, IS_LONG(1, PID_GUEST),
		   IN_LONG(0, PTRACE_PEEKUSER, PTRACE_SETFPREGS,
			   PTRACE_SINGLESTEP, PTRACE_SYSEMU_SINGLESTEP_X86)),
	ALLOW(accept4, IS(0, FD_DEBUG_LISTEN)),
	ALLOW(recvfrom, IS(0, FD_DEBUGGER), IN_LONG(4, 0), IN_LONG(5, 0)),
	ALLOW(sendto, IS(0, FD_DEBUGGER), IN_LONG(4, 0), IN_LONG(5, 0)),
	ALLOW(fcntl, IS(0, FD_DEBUGGER),
	      IN(1, F_GETFL, F_SETFL, F_SETOWN)),
	/* What has just been accepted becomes one of these, or goes. */
	ALLOW(dup3, IS(1, FD_DEBUGGER)),
	ALLOW_ANY_WITH(FD_DEBUGGER, close),
	ALLOW_ANY_WITH(FD_DEBUGGER, getsockname),
	ALLOW_ANY_WITH(FD_DEBUGGER, getsockopt),
	ALLOW_WITH(FD_DEBUGGER, setsockopt, IN(1, IPPROTO_TCP)),
	/* Names for a report; the C library's memory. */
	ALLOW(pread64, IS(0, FD_SYMBOLS)),
	ALLOW(mmap, IN_LONG(2, PROT_NONE, PROT_READ | PROT_WRITE),
	      IN_LONG(3, MAP_PRIVATE | MAP_ANONYMOUS,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)),
	ALLOW(mprotect, IN_LONG(2, PROT_NONE, PROT_READ,
				PROT_READ | PROT_WRITE)),
	ALLOW_ANY(munmap),
	ALLOW(madvise, IN(2, MADV_DONTNEED, MADV_FREE, MADV_REMOVE)),
	ALLOW_ANY(brk),
};
/* clang-format on */

static void add(struct sandbox_operands *o, enum sandbox_operand which,
		int value)
{
	if (value >= 0)
		o->set[which].value[o->set[which].count++] = (uint64_t)value;
}

static void add_disk(struct sandbox_operands *o, const struct block_dev *dev)
{
	add(o, FD_DISKS, dev->fd);
	if (!dev->read_only)
		add(o, FD_WRITABLE_DISKS, dev->fd);
}

static void add_net(struct sandbox_operands *o, const struct net_dev *dev)
{
	add(o, dev->stream ? FD_STREAM_NETS : FD_PACKET_NETS, dev->fd);
	add(o, FD_CLOSED_LATER, dev->fd);
	if (dev->passt.watcher > 0) {
		add(o, PID_HELPERS, dev->passt.watcher);
		add(o, FD_CLOSED_LATER, dev->passt.alive);
		add(o, FD_HELPERS, dev->passt.said);
		add(o, FD_CLOSED_LATER, dev->passt.said);
	}
	/* All devices share it. */
	if (dev->pcap && !o->set[FD_CAPTURE].count) {
		add(o, FD_CAPTURE, net_pcap_fd(dev->pcap));
		add(o, FD_CLOSED_LATER, net_pcap_fd(dev->pcap));
	}
}

static void add_inspect(struct sandbox_operands *o, const struct machine *m)
{
	struct inspect_files files;

	inspect_files(m, &files);
	for (unsigned i = 0; i < files.report_count; i++)
		add(o, FD_REPORTS, files.report[i]);
	add(o, FD_CLOSED_LATER, files.core_alive);
	add(o, FD_HELPERS, files.core_said);
	add(o, FD_DEBUGGER, files.debugger);
	add(o, FD_DEBUG_LISTEN, files.debug_listen);
}

void sandbox_operands_of(struct sandbox_operands *o, const struct machine *m)
{
	struct vcpu_handles handles = {.fd = -1};

	m->vcpu->ops->handles(m->vcpu, &handles);
	*o = (struct sandbox_operands){0};
	add(o, FD_INPUT, STDIN_FILENO);
	add(o, FD_OUTPUT, STDOUT_FILENO);
	add(o, FD_OUTPUT, STDERR_FILENO);
	add(o, FD_VCPU, handles.fd);
	if (m->vcpu->end_fd)
		add(o, FD_POLLED, m->vcpu->end_fd);
	add(o, FD_SYMBOLS, m->symbols.fd);
	if (log_fd() != STDERR_FILENO)
		add(o, FD_REPORTS, log_fd());
	if (m->inspect)
		add_inspect(o, m);
	for (unsigned i = 0; i < m->device_count; i++) {
		if (m->device[i].kind == BP_DEVICE_NET)
			add_net(o, &m->net[i]);
		else
			add_disk(o, &m->block[i]);
	}
	add(o, PID_TENDER, getpid());
	add(o, ID_TIMERS, event_timer());
	if (!handles.pid)
		return;
	add(o, PID_GUEST, handles.pid);
	add(o, PID_GUEST_OR_SELF, handles.pid);
	add(o, PID_GUEST_OR_SELF, 0);
	add(o, ID_TIMERS, one_cpu_timer());
}

void sandbox_rules_write(struct call_filter *f,
			 const struct sandbox_operands *o)
{
	call_filter_begin(f);
	for (unsigned i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *r = &rules[i];
		struct call_check check[CHECKS_MAX];

		if (!o->set[r->when].count)
			continue;
		for (unsigned j = 0; j < r->checks; j++) {
			const struct rule_check *c = &r->check[j];
			unsigned set = c->operand;

			check[j] = (struct call_check){
				.arg = c->arg,
				.wide = c->wide,
				.count =
					c->count ? c->count : o->set[set].count,
				.value = c->count ? c->constant
						  : o->set[set].value,
			};
		}
		call_filter_allow(f, r->number, check, r->checks);
	}
}
