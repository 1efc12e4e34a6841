/* SPDX-License-Identifier: ISC */
/*
 * Upcalls as the boot protocol has them, without what the runtime makes of
 * them: `upcall HOW`. Prints what it saw.
 */
#include "upcall.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "boot_info.h"
#include "hypercall_x86_64.h"
#include "upcall_entry.h"

#define MS 1000000ULL
#define KINDS                                              \
	(1ULL << BP_UPCALL_TICK | 1ULL << BP_UPCALL_TRAP | \
	 1ULL << BP_UPCALL_SIGNAL)
#define ROUNDS 30

extern const char spin_start[], spin_end[];
extern uint64_t resume_at;
uint64_t spin(volatile uint32_t *count);

/*
 * Fills every register and the red zone, and looks at all of them until the
 * count at RDI is ROUNDS. Returns 0, or 1 when one was not kept.
 */
__asm__(".pushsection .text\n"
	"	.macro	each op\n"
	"	.set	n, 1\n"
	"	.irp	r, "
	"rax,rbx,rcx,rdx,rsi,rbp,r8,r9,r10,r11,r12,r13,r14,r15\n"
	"	\\op	\\r\n"
	"	.set	n, n + 1\n"
	"	.endr\n"
	"	.endm\n"
	"	.macro	fill r\n"
	"	mov	$0x12345600 + n, %\\r\n"
	"	.endm\n"
	"	.macro	check r\n"
	"	cmp	$0x12345600 + n, %\\r\n"
	"	jne	8f\n"
	"	.endm\n"
	"spin:\n"
	"	push	%rbx\n"
	"	push	%rbp\n"
	"	push	%r12\n"
	"	push	%r13\n"
	"	push	%r14\n"
	"	push	%r15\n"
	"	each	fill\n"
	"	movq	%rax, -128(%rsp)\n"
	"	movq	%rbx, -8(%rsp)\n"
	"	movq	%rcx, %xmm0\n"
	"	movq	%rdx, %xmm15\n"
	"spin_start:\n"
	"	each	check\n"
	"	cmp	%rax, -128(%rsp)\n"
	"	jne	8f\n"
	"	cmp	%rbx, -8(%rsp)\n"
	"	jne	8f\n"
	"	movq	%xmm0, -16(%rsp)\n"
	"	cmp	%rcx, -16(%rsp)\n"
	"	jne	8f\n"
	"	movq	%xmm15, -16(%rsp)\n"
	"	cmp	%rdx, -16(%rsp)\n"
	"	jne	8f\n"
	"	stc\n"
	"	std\n"
	"	nop\n"
	"	nop\n"
	"	nop\n"
	"	jnc	8f\n"
	"	pushf\n"
	"	testl	$0x400, (%rsp)\n"
	"	lea	8(%rsp), %rsp\n"
	"	jz	8f\n"
	"	movq	%rbx, -8(%rsp)\n"
	"	cld\n"
	"	cmpl	$30, (%rdi)\n"
	"	jb	spin_start\n"
	"spin_end:\n"
	"	xor	%eax, %eax\n"
	"	jmp	9f\n"
	"8:	cld\n"
	"	mov	$1, %eax\n"
	"9:	pop	%r15\n"
	"	pop	%r14\n"
	"	pop	%r13\n"
	"	pop	%r12\n"
	"	pop	%rbp\n"
	"	pop	%rbx\n"
	"	ret\n"
	".popsection\n");

uint64_t resume_at;
static volatile uint32_t ticks, traps, in_spin, got_signal;
static struct bp_upcall_frame last;

void handle(struct bp_upcall_frame *f)
{
	last = *f;
	memset(f, 0, offsetof(struct bp_upcall_frame, rip));
	switch (last.kind) {
	case BP_UPCALL_TICK:
		ticks++;
		in_spin += last.rip >= (uintptr_t)spin_start &&
			   last.rip < (uintptr_t)spin_end;
		break;
	case BP_UPCALL_TRAP:
		traps++;
		f->rip = resume_at;
		break;
	case BP_UPCALL_SIGNAL:
		got_signal = last.signal;
		break;
	default:
		printf("kind %u\n", last.kind);
	}
}

static void tick(uint64_t ns)
{
	int64_t result = hypercall3(BP_CALL_TICK, ns, 0, 0);

	if (result)
		printf("tick: %lld\n", (long long)result);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void compute_for(uint64_t ns)
{
	uint64_t end = now_ns() + ns;

	while (now_ns() < end)
		;
}

static void how_tick(void)
{
	tick(2 * MS);
	printf("kept %d\n", spin(&ticks) == 0);
	tick(0);
	printf("ticks %d in code %d\n", ticks >= ROUNDS, in_spin > 0);
	compute_for(20 * MS);
	ticks = 0;
	compute_for(100 * MS);
	printf("off %u\n", ticks);
}

/* A tick that comes during a call is made right behind it. */
static void how_tick_in_calls(void)
{
	static char big[4 << 20];

	tick(1 * MS);
	while (ticks < ROUNDS)
		if (hypercall_random(big, sizeof(big)))
			puts("random failed");
	tick(0);
	puts("done");
}

/* While busy, ticks are dropped. */
static void how_busy(void)
{
	frame.busy = 1;
	tick(1 * MS);
	compute_for(100 * MS);
	printf("busy %u\n", ticks);
	frame.busy = 0;
	while (!ticks)
		;
	puts("free");
}

/* Does it, and goes on behind it when the handler says so. */
#define FAULT(instructions)                                             \
	__asm__ volatile("lea 1f(%%rip), %%rax\n\t"                     \
			 "mov %%rax, resume_at(%%rip)\n\t" instructions \
			 "\n1:" ::                                      \
				 : "rax", "rcx", "rdx", "memory", "cc")

static inline __attribute__((always_inline)) void fault(const char *what)
{
	if (!strcmp(what, "null"))
		FAULT("movl $1, 16");
	else if (!strcmp(what, "text"))
		FAULT("movl $1, upcall_entry(%%rip)");
	else if (!strcmp(what, "ud2"))
		FAULT("ud2");
	else if (!strcmp(what, "divide"))
		FAULT("xor %%ecx, %%ecx; xor %%edx, %%edx; div %%ecx");
	else if (!strcmp(what, "int3"))
		FAULT("int3");
	else if (!strcmp(what, "hlt"))
		FAULT("hlt");
	else if (!strcmp(what, "port"))
		FAULT("out %%al, $0x80");
	else
		hypercall3(31, 0, 0, 0);
}

static __attribute__((noinline)) void how_trap(const char *what)
{
	for (unsigned i = 1; i <= 3; i++) {
		fault(what);
		if (traps != i)
			puts("no trap");
	}
	printf("signal %u code %u vector %u address %s\n", last.signal,
	       last.code, (unsigned)last.vector,
	       last.address == 16			 ? "16"
	       : last.address == (uintptr_t)upcall_entry ? "text"
	       : last.address				 ? "?"
							 : "0");
	tick(1 * MS);
	printf("kept %d\n", spin(&ticks) == 0);
}

/* A trap in a handler that is still busy is the end. */
static __attribute__((noinline)) void how_trap_busy(void)
{
	frame.busy = 1;
	FAULT("movl $1, 16");
}

static void how_signal(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (!got_signal)
		;
	printf("signal %u\n", got_signal);
}

static void how_signal_wait(void)
{
	puts("ready");
	while (!got_signal)
		hypercall_wait(BP_WAIT_FOREVER, 0);
	printf("signal %u\n", got_signal);
}

/* One that comes while busy is made later, though nothing else happens. */
static void how_signal_busy(void)
{
	frame.busy = 1;
	puts("ready");
	/* Early, as the signal waits. */
	hypercall_wait(BP_WAIT_FOREVER, 0);
	compute_for(50 * MS);
	printf("busy %u\n", got_signal);
	frame.busy = 0;
	while (!got_signal)
		;
	printf("signal %u\n", got_signal);
}

/* The first is the guest's, the second ends it. */
static void how_signal_twice(void)
{
	how_signal();
	for (;;)
		hypercall_wait(BP_WAIT_FOREVER, 0);
}

static void how_no_upcall(void)
{
	puts("ready");
	for (;;)
		hypercall_wait(BP_WAIT_FOREVER, 0);
}

/* Off again: as if there had been none. */
static void how_off(void)
{
	printf("off %d\n", (int)hypercall5(BP_CALL_UPCALL, 0, 1, 2, 3, 4));
	how_no_upcall();
}

int main(int argc, char **argv)
{
	const struct {
		const char *name;
		void (*how)(void);
	} hows[] = {
		{"tick", how_tick},
		{"tick-in-calls", how_tick_in_calls},
		{"busy", how_busy},
		{"trap-busy", how_trap_busy},
		{"signal", how_signal},
		{"signal-wait", how_signal_wait},
		{"signal-busy", how_signal_busy},
		{"signal-twice", how_signal_twice},
		{"off", how_off},
	};
	const char *how = argc > 1 ? argv[1] : "";

	if (!strcmp(how, "no-upcall"))
		how_no_upcall();
	if (listen_to(KINDS))
		return 1;
	if (!strcmp(how, "trap") && argc == 3)
		how_trap(argv[2]);
	for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++)
		if (!strcmp(how, hows[i].name))
			hows[i].how();
	return 0;
}
