/* SPDX-License-Identifier: ISC */
/*
 * What a handler sees of the program that it interrupts, and changes of it:
 * `signal_context AREA`. Runs in a VM and on Linux, and prints the same in
 * both.
 */
#include <errno.h>
#include <fenv.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

extern char __executable_start[], etext[];

static sigjmp_buf back;
static volatile int count;
static uintptr_t main_frame;

static void set_action(int signal, void (*handler)(int, siginfo_t *, void *),
		       int flags)
{
	struct sigaction a = {.sa_sigaction = handler,
			      .sa_flags = SA_SIGINFO | flags};

	sigaction(signal, &a, NULL);
}

static int is_code(greg_t at)
{
	return (uintptr_t)at >= (uintptr_t)__executable_start &&
	       (uintptr_t)at < (uintptr_t)etext;
}

static int is_stack(greg_t at)
{
	return (uintptr_t)at < main_frame && main_frame - (uintptr_t)at < 8192;
}

static void show(int signal, siginfo_t *info, void *context)
{
	const greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)info;
	count++;
	printf("%d: code %d stack %d rbx %lld r12 %lld r13 %lld r14 %lld r15 "
	       "%lld\n",
	       signal, is_code(r[REG_RIP]), is_stack(r[REG_RSP]), r[REG_RBX],
	       r[REG_R12], r[REG_R13], r[REG_R14], r[REG_R15]);
}

static void change(int signal, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;

	show(signal, info, context);
	r[REG_RBX] += 100;
	r[REG_R15] += 100;
}

/* kill(getpid(), signal) with known registers, and what they are behind it. */
static void kill_with_registers(int signal)
{
	uint64_t rbx = 1, r15 = 5;
	long got;

	__asm__ volatile("mov $2, %%r12\n\t"
			 "mov $3, %%r13\n\t"
			 "mov $4, %%r14\n\t"
			 "mov %2, %%r15\n\t"
			 "call kill\n\t"
			 "mov %%r15, %2"
			 : "=a"(got), "+b"(rbx), "+m"(r15)
			 : "D"(getpid()), "S"(signal)
			 : "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13",
			   "r14", "r15", "memory", "cc");
	printf("result %d rbx %d r15 %d\n", (int)got, (int)rbx, (int)r15);
}

static void area_seen(void)
{
	set_action(SIGUSR1, show, 0);
	set_action(SIGUSR2, change, 0);
	kill_with_registers(SIGUSR1);
	kill_with_registers(SIGUSR2);
}

static _Noreturn void recover(int n)
{
	printf("recovered %d\n", n);
	siglongjmp(back, 1);
}

static void go_elsewhere(int signal, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)info;
	r[REG_RIP] = (greg_t)(uintptr_t)recover;
	r[REG_RSP] = ((r[REG_RSP] - 128) & ~15LL) - 8;
	r[REG_RDI] = signal;
}

static void start_timer(long us)
{
	setitimer(ITIMER_REAL,
		  &(struct itimerval){.it_value.tv_usec = (suseconds_t)us},
		  NULL);
}

/* From a call that ends, from one that waits, and from none. */
static void area_elsewhere(void)
{
	set_action(SIGUSR1, go_elsewhere, 0);
	set_action(SIGALRM, go_elsewhere, SA_RESTART);
	if (!sigsetjmp(back, 1))
		raise(SIGUSR1);
	start_timer(20000);
	if (!sigsetjmp(back, 1))
		for (;;)
			pause();
	start_timer(20000);
	if (!sigsetjmp(back, 1))
		for (;;)
			count++;
	/* Calls go on as ever. */
	printf("%d\n", usleep(1000));
}

/* As if what was interrupted had called this: all registers are kept. */
void thunk(void);
__asm__(".type thunk, @function\n"
	"thunk: pushfq\n\tincl thunk_count(%rip)\n\tpopfq\n\tret\n");
volatile int thunk_count;

static void push_call(int signal, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)signal, (void)info;
	r[REG_RSP] -= 8;
	*(greg_t *)r[REG_RSP] = r[REG_RIP];
	r[REG_RIP] = (greg_t)(uintptr_t)thunk;
}

static void area_pushed(void)
{
	struct timespec t = {.tv_sec = 5};
	int err;

	set_action(SIGUSR1, push_call, 0);
	set_action(SIGALRM, push_call, 0);
	err = raise(SIGUSR1);
	printf("raise %d, %d\n", err, thunk_count);
	start_timer(20000);
	err = nanosleep(&t, NULL);
	printf("sleep %d %d, %d\n", err, errno == EINTR, thunk_count);
	err = kill(getpid(), SIGUSR1);
	printf("kill %d, %d\n", err, thunk_count);
}

static void round_down(int signal, siginfo_t *info, void *context)
{
	const ucontext_t *c = context;
	unsigned saved;

	(void)signal, (void)info;
	memcpy(&saved, (char *)c->uc_mcontext.fpregs + 24, sizeof(saved));
	printf("in it %d, below %d\n", fegetround() == FE_TONEAREST,
	       (saved & 0x6000) == 0x4000);
	fesetround(FE_DOWNWARD);
}

static void area_rounding(void)
{
	set_action(SIGUSR1, round_down, 0);
	fesetround(FE_UPWARD);
	raise(SIGUSR1);
	printf("behind %d\n", fegetround() == FE_UPWARD);
}

int main(int argc, char **argv)
{
	const struct {
		const char *name;
		void (*run)(void);
	} areas[] = {
		{"seen", area_seen},
		{"elsewhere", area_elsewhere},
		{"pushed", area_pushed},
		{"rounding", area_rounding},
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	main_frame = (uintptr_t)__builtin_frame_address(0);
	for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++)
		if (argc > 1 && !strcmp(argv[1], areas[i].name))
			areas[i].run();
	return 0;
}
