/* SPDX-License-Identifier: ISC */
/*
 * Signals: `signals AREA`. Runs in a VM and on Linux, and prints the same in
 * both; what must differ (addresses, process ids) is not printed.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static volatile sig_atomic_t count, last, code;
static volatile uintptr_t address;
static sigjmp_buf back;
static volatile uintptr_t nowhere = 16;

static void set_action(int signal, void (*handler)(int, siginfo_t *, void *),
		       int flags)
{
	struct sigaction a = {.sa_sigaction = handler,
			      .sa_flags = SA_SIGINFO | flags};

	if (sigaction(signal, &a, NULL))
		perror("sigaction");
}

static void result(int got)
{
	int err = errno;

	printf("result %d %d\n", got, got < 0 ? err : 0);
}

static void note(int signal, siginfo_t *info, void *context)
{
	(void)context;
	count++;
	last = signal;
	code = info->si_code;
	address = (uintptr_t)info->si_addr;
}

static void say(int signal, siginfo_t *info, void *context)
{
	(void)context;
	printf("handler %d code %d value %d\n", signal, info->si_code,
	       info->si_code == SI_QUEUE ? info->si_value.sival_int : 0);
}

static sigset_t set_of(int a, int b)
{
	sigset_t set;

	sigemptyset(&set);
	if (a)
		sigaddset(&set, a);
	if (b)
		sigaddset(&set, b);
	return set;
}

static void show_mask(const char *what)
{
	sigset_t now;

	sigprocmask(SIG_BLOCK, NULL, &now);
	printf("%s:", what);
	for (int i = 1; i < 65; i++)
		if (sigismember(&now, i) == 1)
			printf(" %d", i);
	puts("");
}

static void masked(int signal, siginfo_t *info, void *context)
{
	say(signal, info, context);
	show_mask("in handler");
}

static void area_mask(void)
{
	sigset_t usr = set_of(SIGUSR1, SIGUSR2), got;

	set_action(SIGUSR1, masked, 0);
	set_action(SIGUSR2, masked, SA_NODEFER);
	show_mask("at first");
	raise(SIGUSR1);
	raise(SIGUSR2);
	show_mask("behind");
	sigprocmask(SIG_BLOCK, &usr, NULL);
	raise(SIGUSR1);
	raise(SIGUSR1);
	kill(getpid(), SIGUSR2);
	sigpending(&got);
	printf("pending %d %d %d\n", sigismember(&got, SIGUSR1),
	       sigismember(&got, SIGUSR2), sigismember(&got, SIGTERM));
	sigprocmask(SIG_UNBLOCK, &usr, NULL);
	puts("unblocked");
	usr = set_of(SIGKILL, SIGSTOP);
	sigprocmask(SIG_BLOCK, &usr, NULL);
	show_mask("never blocked");
	result(sigaction(SIGKILL, &(struct sigaction){0}, NULL));
	result(kill(getpid(), 65));
	printf("%d\n", kill(getpid(), 0));
}

static void nested(int signal, siginfo_t *info, void *context)
{
	static int depth;

	say(signal, info, context);
	if (++depth < 4)
		raise(signal == SIGUSR1 ? SIGUSR2 : SIGUSR1);
	printf("end of %d\n", signal);
}

static void area_nested(void)
{
	struct sigaction a = {.sa_sigaction = nested, .sa_flags = SA_SIGINFO};
	struct sigaction old;

	sigaction(SIGUSR1, &a, NULL);
	a.sa_mask = set_of(SIGUSR1, 0);
	sigaction(SIGUSR2, &a, NULL);
	raise(SIGUSR1);
	set_action(SIGHUP, say, SA_RESETHAND);
	raise(SIGHUP);
	sigaction(SIGHUP, NULL, &old);
	printf("reset %d\n", old.sa_handler == SIG_DFL);
	signal(SIGHUP, SIG_IGN);
	raise(SIGHUP);
	raise(SIGCHLD);
	raise(SIGURG);
	raise(SIGWINCH);
	puts("ignored");
}

static void area_queue(void)
{
	sigset_t rt = set_of(SIGRTMIN, SIGRTMIN + 3), got;
	siginfo_t info;
	struct timespec none = {0}, soon = {.tv_nsec = 20000000};

	set_action(SIGRTMIN, say, 0);
	set_action(SIGRTMIN + 3, say, 0);
	sigprocmask(SIG_BLOCK, &rt, NULL);
	for (int i = 0; i < 3; i++) {
		sigqueue(getpid(), SIGRTMIN + 3,
			 (union sigval){.sival_int = i});
		sigqueue(getpid(), SIGRTMIN,
			 (union sigval){.sival_int = 10 + i});
	}
	sigpending(&got);
	printf("pending %d\n", sigismember(&got, SIGRTMIN));
	printf("waited %d", sigwaitinfo(&rt, &info) == SIGRTMIN);
	printf(" value %d\n", info.si_value.sival_int);
	sigprocmask(SIG_UNBLOCK, &rt, NULL);
	sigprocmask(SIG_BLOCK, &rt, NULL);
	result(sigtimedwait(&rt, &info, &none));
	result(sigtimedwait(&rt, &info, &soon));
}

static void area_suspend(void)
{
	sigset_t usr = set_of(SIGUSR1, SIGALRM), none = set_of(0, 0);
	int got;

	set_action(SIGUSR1, masked, 0);
	set_action(SIGALRM, masked, 0);
	sigprocmask(SIG_BLOCK, &usr, NULL);
	raise(SIGUSR1);
	printf("%d", sigsuspend(&none));
	printf(" %d\n", errno == EINTR);
	show_mask("behind");
	alarm(1);
	printf("%d", sigsuspend(&none));
	printf(" %d\n", errno == EINTR);
	ualarm(30000, 0);
	result(sigwait(&usr, &got));
	printf("got %d\n", got);
	sigprocmask(SIG_UNBLOCK, &usr, NULL);
	ualarm(30000, 0);
	result(pause());
}

static void area_restart(void)
{
	struct itimerval soon = {.it_value.tv_usec = 40000};
	struct itimerval then = {.it_value.tv_usec = 40000,
				 .it_interval.tv_usec = 40000};
	struct timespec t = {.tv_sec = 5}, left;
	int fds[2], err;
	char c = 0;
	long n;

	if (pipe(fds)) {
		perror("pipe");
		return;
	}
	set_action(SIGALRM, note, 0);
	setitimer(ITIMER_REAL, &soon, NULL);
	n = read(fds[0], &c, 1);
	printf("read %ld %d, %d signals\n", n, errno == EINTR, count);
	set_action(SIGALRM, note, SA_RESTART);
	setitimer(ITIMER_REAL, &soon, NULL);
	err = nanosleep(&t, &left);
	printf("sleep %d %d, %d signals, left %d\n", err, errno == EINTR, count,
	       left.tv_sec == 4);
	count = 0;
	setitimer(ITIMER_REAL, &then, NULL);
	while (count < 5)
		;
	printf("computed through 5 signals\n");
	setitimer(ITIMER_REAL, &(struct itimerval){0}, &soon);
	printf("%ld %d\n", soon.it_interval.tv_usec,
	       soon.it_value.tv_usec <= 40000);
}

static void *writer(void *fd)
{
	usleep(200000);
	if (write(*(int *)fd, "x", 1) != 1)
		perror("write");
	return NULL;
}

/* A read that is restarted gets what comes later. */
static void area_restart_read(void)
{
	struct itimerval then = {.it_value.tv_usec = 30000,
				 .it_interval.tv_usec = 30000};
	pthread_t thread;
	sigset_t alarms = set_of(SIGALRM, 0);
	int fds[2];
	char c = 0;
	long n;

	if (pipe(fds)) {
		perror("pipe");
		return;
	}
	set_action(SIGALRM, note, SA_RESTART);
	pthread_sigmask(SIG_BLOCK, &alarms, NULL);
	pthread_create(&thread, NULL, writer, &fds[1]);
	pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
	setitimer(ITIMER_REAL, &then, NULL);
	n = read(fds[0], &c, 1);
	setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
	printf("read %ld %c, signals %d\n", n, c, count > 0);
	pthread_join(thread, NULL);
}

static void skip(int signal, siginfo_t *info, void *context)
{
	ucontext_t *c = context;

	note(signal, info, context);
	c->uc_mcontext.gregs[REG_RIP] = c->uc_mcontext.gregs[REG_R12];
	c->uc_mcontext.gregs[REG_RBX] = 4711;
}

static void jump(int signal, siginfo_t *info, void *context)
{
	note(signal, info, context);
	siglongjmp(back, 1);
}

/* Goes on behind it, with RBX as the handler set it. */
#define FAULT(instructions)                                            \
	({                                                             \
		uint64_t rbx = 0;                                      \
		__asm__ volatile(                                      \
			"lea 1f(%%rip), %%r12\n\t" instructions "\n1:" \
			: "+b"(rbx)                                    \
			:                                              \
			: "rax", "rcx", "rdx", "r12", "memory", "cc"); \
		rbx;                                                   \
	})

static void told(const char *what, uint64_t rbx)
{
	printf("%s: signal %d code %d address %s rbx %d\n", what, last, code,
	       address == 16	 ? "16"
	       : address == 0	 ? "0"
	       : address < 65536 ? "low"
				 : "some",
	       (int)rbx);
}

static void area_fault(void)
{
	static const int faults[] = {SIGSEGV, SIGFPE, SIGILL, SIGBUS, SIGTRAP};
	volatile double zero = 0;

	for (int i = 0; i < 5; i++)
		set_action(faults[i], skip, 0);
	told("null", FAULT("movl $1, 16"));
	told("text", FAULT("movl $1, 1f(%%rip)"));
	told("divide", FAULT("xor %%ecx, %%ecx; xor %%edx, %%edx; div %%ecx"));
	told("ud2", FAULT("ud2"));
	told("int3", FAULT("int3"));
	told("hlt", FAULT("hlt"));
	told("far", FAULT("mov $1, %%rax; shl $63, %%rax; movb (%%rax), %%al"));
	for (int i = 0; i < 5; i++)
		set_action(faults[i], jump, 0);
	for (volatile int i = 0; i < 3; i++)
		if (!sigsetjmp(back, 1))
			FAULT("movl $1, 16");
	told("jumped", 0);
	show_mask("behind");
	printf("%g\n", zero / 1.0 + count);
}

static volatile uintptr_t deep;

static __attribute__((noinline)) int overflow(int n)
{
	char page[4096];

	page[0] = (char)n;
	deep = (uintptr_t)page;
	return n < 1 << 20 ? overflow(n + 1) + (int)(deep & 1) + page[0] : 0;
}

static void *in_thread(void *unused)
{
	static char other[65536];
	stack_t s = {.ss_sp = other, .ss_size = sizeof(other)}, now;

	sigaltstack(&s, NULL);
	set_action(SIGSEGV, jump, SA_ONSTACK);
	if (!sigsetjmp(back, 1))
		overflow(0);
	printf("overflow: %d\n", last);
	sigaltstack(NULL, &now);
	printf("altstack %d %d\n", now.ss_sp == other, now.ss_flags);
	return unused;
}

static void on_stack(int signal, siginfo_t *info, void *context)
{
	stack_t now;
	char here;

	note(signal, info, context);
	sigaltstack(NULL, &now);
	printf("on it %d %d\n", now.ss_flags,
	       &here >= (char *)now.ss_sp &&
		       &here < (char *)now.ss_sp + now.ss_size);
	now.ss_flags = 0;
	result(sigaltstack(&now, NULL));
}

static void area_altstack(void)
{
	static char stack[32768];
	stack_t s = {.ss_sp = stack, .ss_size = sizeof(stack)}, old;
	pthread_t thread;

	printf("%d", sigaltstack(&s, &old));
	printf(" %d\n", old.ss_flags);
	set_action(SIGUSR1, on_stack, SA_ONSTACK);
	raise(SIGUSR1);
	set_action(SIGSEGV, on_stack, SA_ONSTACK | SA_RESETHAND);
	set_action(SIGSEGV, skip, SA_ONSTACK);
	told("null", FAULT("movl $1, 16"));
	s.ss_size = 100;
	result(sigaltstack(&s, NULL));
	s.ss_flags = SS_DISABLE;
	printf("%d\n", sigaltstack(&s, NULL));
	sigaltstack(NULL, &old);
	printf("%d\n", old.ss_flags);
	pthread_create(&thread, NULL, in_thread, NULL);
	pthread_join(thread, NULL);
}

static volatile int stop;
static volatile pthread_t handled_by;

static void which(int signal, siginfo_t *info, void *context)
{
	note(signal, info, context);
	handled_by = pthread_self();
}

static void *compute(void *unused)
{
	while (!stop)
		;
	return unused;
}

static void *block_all(void *unused)
{
	sigset_t all;
	int got;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	sigemptyset(&all);
	sigaddset(&all, SIGUSR2);
	printf("sigwait %d", sigwait(&all, &got));
	printf(" %d\n", got);
	return unused;
}

static void area_threads(void)
{
	sigset_t usr = set_of(SIGUSR1, SIGUSR2);
	pthread_t a, b;

	set_action(SIGUSR1, which, 0);
	pthread_create(&a, NULL, compute, NULL);
	pthread_kill(a, SIGUSR1);
	while (!count)
		usleep(1000);
	printf("to the thread %d\n", pthread_equal(handled_by, a));
	kill(getpid(), SIGUSR1);
	printf("to the first %d\n", pthread_equal(handled_by, pthread_self()));
	pthread_sigmask(SIG_BLOCK, &usr, NULL);
	kill(getpid(), SIGUSR1);
	while (count < 3)
		usleep(1000);
	printf("to who does not block %d\n", pthread_equal(handled_by, a));
	stop = 1;
	pthread_join(a, NULL);
	kill(getpid(), SIGUSR1);
	raise(SIGUSR1);
	printf("blocked %d\n", count);
	pthread_create(&b, NULL, block_all, NULL);
	usleep(20000);
	kill(getpid(), SIGUSR2);
	pthread_join(b, NULL);
	pthread_sigmask(SIG_UNBLOCK, &usr, NULL);
	printf("unblocked %d\n", count);
	printf("%d %d\n", pthread_kill(pthread_self(), 65) == EINVAL,
	       pthread_kill(pthread_self(), 0));
}

static void timer_thread(union sigval value)
{
	count += value.sival_int;
}

static void area_timers(void)
{
	struct sigevent e = {.sigev_notify = SIGEV_SIGNAL,
			     .sigev_signo = SIGRTMIN + 1,
			     .sigev_value.sival_int = 42};
	struct itimerspec s = {.it_value.tv_nsec = 20000000,
			       .it_interval.tv_nsec = 20000000};
	struct itimerspec now;
	timer_t t;

	set_action(SIGRTMIN + 1, note, 0);
	printf("%d\n", timer_create(CLOCK_MONOTONIC, &e, &t));
	printf("%d\n", timer_settime(t, 0, &s, NULL));
	while (count < 5)
		pause();
	printf("code %d\n", code == SI_TIMER);
	timer_gettime(t, &now);
	printf("%ld %d\n", now.it_interval.tv_nsec,
	       now.it_value.tv_nsec <= 20000000 && now.it_value.tv_nsec > 0);
	printf("%d\n", timer_getoverrun(t) >= 0);
	printf("%d\n", timer_delete(t));
	e.sigev_notify = SIGEV_THREAD;
	e.sigev_notify_function = timer_thread;
	e.sigev_value.sival_int = 1;
	count = 0;
	printf("%d\n", timer_create(CLOCK_REALTIME, &e, &t));
	timer_settime(t, 0, &s, NULL);
	while (count < 3)
		usleep(5000);
	printf("threads %d\n", timer_delete(t));
	result(timer_create(99, &e, &t));
}

static void area_vectors(void)
{
	struct itimerval then = {.it_value.tv_usec = 2000,
				 .it_interval.tv_usec = 2000};
	double x = 1, y = 0;

	set_action(SIGALRM, note, 0);
	setitimer(ITIMER_REAL, &then, NULL);
	for (int i = 0; i < 20000000 || count < 20; i++) {
		x = x * 1.0000001 + 1e-9;
		y += 1.0 / x;
		if (i == 20000000)
			y = 0;
		if (i > 20000000)
			x = 1, y = 0;
	}
	setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
	x = 1, y = 0;
	for (int i = 0; i < 1000000; i++) {
		x = x * 1.0000001 + 1e-9;
		y += 1.0 / x;
	}
	printf("%.17g %.17g\n", x, y);
}

static __attribute__((noinline)) void area_die(const char *how)
{
	fflush(stdout);
	if (!strcmp(how, "abort"))
		abort();
	else if (!strcmp(how, "segv")) {
		signal(SIGSEGV, SIG_IGN);
		*(volatile int *)nowhere = 1;
	} else if (!strcmp(how, "segv-blocked")) {
		sigset_t s = set_of(SIGSEGV, 0);

		set_action(SIGSEGV, note, 0);
		sigprocmask(SIG_BLOCK, &s, NULL);
		*(volatile int *)nowhere = 1;
	} else if (!strcmp(how, "int3")) {
		signal(SIGTRAP, SIG_IGN);
		__asm__ volatile("int3");
	} else if (!strcmp(how, "alarm")) {
		alarm(1);
		for (;;)
			;
	} else if (!strcmp(how, "alarm-pause")) {
		ualarm(20000, 0);
		for (;;)
			pause();
	} else {
		raise(atoi(how));
	}
	puts("alive");
}

int main(int argc, char **argv)
{
	const struct {
		const char *name;
		void (*run)(void);
	} areas[] = {
		{"mask", area_mask},	   {"nested", area_nested},
		{"queue", area_queue},	   {"suspend", area_suspend},
		{"restart", area_restart}, {"restart-read", area_restart_read},
		{"fault", area_fault},	   {"altstack", area_altstack},
		{"threads", area_threads}, {"timers", area_timers},
		{"vectors", area_vectors},
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++)
		if (argc > 1 && !strcmp(argv[1], areas[i].name))
			areas[i].run();
	if (argc > 2 && !strcmp(argv[1], "die"))
		area_die(argv[2]);
	return 0;
}
