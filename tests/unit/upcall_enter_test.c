/* SPDX-License-Identifier: ISC */
/*
 * Upcalls on a vCPU that is none: when one is made, and what is written into
 * guest memory for it.
 */
#include "upcall_enter.h"

#include <signal.h>

#include "hypercall_model.h"

#define ENTRY (TEXT_GPA + 16)
#define FRAME (HEAP_GPA + 64)
#define STACK (HEAP_GPA + PAGE)

static struct bp_upcall_frame *frame(void)
{
	return (void *)(m.mem.base + FRAME);
}

static void listen_to(uint64_t kinds)
{
	struct vcpu_exit exit = {
		.kind = VCPU_CALL,
		.call = {BP_CALL_UPCALL, {ENTRY, FRAME, STACK, kinds}},
	};
	struct call_result result;

	EXPECT(hypercall_dispatch(&m, &exit, &result) == CALL_DONE,
	       "registering");
	memset(frame(), 0, sizeof(*frame()));
	memset(entered, 0, sizeof(entered));
}

static bool was_entered(void)
{
	bool was = entered[0] == ENTRY && entered[1] == STACK &&
		   entered[2] == FRAME;

	memset(entered, 0, sizeof(entered));
	return was;
}

static struct vcpu_exit page_fault(void)
{
	struct vcpu_exit exit;

	vcpu_exit_trap(&exit, SIGSEGV, "test");
	exit.trap.resumable = true;
	exit.trap.has_address = true;
	exit.trap.address = 16;
	exit.trap.code = BP_TRAP_NOT_MAPPED;
	exit.trap.vector = 14;
	exit.trap.error = 6;
	return exit;
}

static void test_trap(void)
{
	const struct bp_upcall_frame want = {
		.busy = 1,
		.kind = BP_UPCALL_TRAP,
		.signal = SIGSEGV,
		.code = BP_TRAP_NOT_MAPPED,
		.address = 16,
		.error = 6,
		.vector = 14,
		.rip = 42,
	};
	struct vcpu_exit exit = page_fault();

	listen_to(1ULL << BP_UPCALL_TICK);
	EXPECT(upcall_trap(&m, &exit) == 0 && !was_entered(), "not asked for");
	listen_to(1ULL << BP_UPCALL_TRAP);
	EXPECT(upcall_trap(&m, &exit) == 1 && was_entered(), "not entered");
	EXPECT(!memcmp(frame(), &want, sizeof(want)), "the frame is wrong");
	EXPECT(upcall_trap(&m, &exit) == 0 && !was_entered(), "busy");
	frame()->busy = 0;
	exit.trap.resumable = false;
	EXPECT(upcall_trap(&m, &exit) == 0 && !was_entered(), "no way back");
	promise("a trap is told once, to who asked, while there is a way back");
}

static void test_signal(void)
{
	listen_to(1ULL << BP_UPCALL_SIGNAL);
	EXPECT(upcall_interrupted(&m) && !was_entered(), "no event");
	frame()->busy = 7;
	raise(SIGTERM);
	EXPECT(upcall_interrupted(&m) && !was_entered(), "busy");
	EXPECT(frame()->busy == 7, "a busy frame was written to");
	frame()->busy = 0;
	EXPECT(upcall_interrupted(&m) && was_entered(), "not told");
	EXPECT(frame()->busy == 1 && frame()->kind == BP_UPCALL_SIGNAL &&
		       frame()->signal == SIGTERM && !frame()->vector,
	       "the frame is wrong");
	frame()->busy = 0;
	EXPECT(upcall_interrupted(&m) && !was_entered(), "told twice");
	promise("a signal is told once, when the guest is not busy");
}

int main(void)
{
	tap_file = fdopen(dup(STDOUT_FILENO), "w");
	if (!tap_file)
		return 1;
	machine_init();
	test_trap();
	test_signal();
	return promises_end();
}
