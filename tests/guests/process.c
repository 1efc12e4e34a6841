/* SPDX-License-Identifier: ISC */
/*
 * A program's life: its arguments, its beginning and its end, signals, what
 * it asks of a system that is not there. Argument 1 names the behaviour.
 */
#include <assert.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t seen;

/* Every argument and its NUL, but the first two. */
static int arguments(int argc, char **argv)
{
	static char buffer[1 << 20];

	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	for (int i = 2; i < argc; i++)
		fwrite(argv[i], 1, strlen(argv[i]) + 1, stdout);
	return argv[argc] ? 1 : 0;
}

static int environment(int argc, char **argv)
{
	(void)argc, (void)argv;
	for (char **e = environ; *e; e++)
		fwrite(*e, 1, strlen(*e) + 1, stdout);
	return 0;
}

static int first_argument(int argc, char **argv)
{
	(void)argc;
	puts(argv[0]);
	return 0;
}

static int end(int argc, char **argv)
{
	(void)argc;
	return atoi(argv[2]);
}

static int end_by_exit(int argc, char **argv)
{
	(void)argc;
	printf("unfinished line");
	exit(atoi(argv[2]));
}

static int end_by_exit_now(int argc, char **argv)
{
	(void)argc;
	printf("never written");
	_exit(atoi(argv[2]));
}

static int end_by_abort(int argc, char **argv)
{
	(void)argc, (void)argv;
	puts("before");
	abort();
}

static int end_by_assert(int argc, char **argv)
{
	puts("before");
	assert(argc == 77 && argv);
	return 0;
}

static void on_signal(int number)
{
	seen = number;
}

static int raise_one(int argc, char **argv)
{
	(void)argc;
	raise(atoi(argv[2]));
	puts("after");
	return 0;
}

static int kill_self(int argc, char **argv)
{
	(void)argc;
	kill(getpid(), atoi(argv[2]));
	puts("after");
	return 0;
}

static int handler(int argc, char **argv)
{
	sigset_t set, pending;

	(void)argc, (void)argv;
	signal(SIGTERM, on_signal);
	if (raise(SIGTERM) || seen != SIGTERM)
		return 1;
	/* A blocked signal waits. */
	seen = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &pending);
	if (raise(SIGTERM) || seen)
		return 2;
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	if (seen != SIGTERM)
		return 3;
	signal(SIGTERM, SIG_IGN);
	seen = 0;
	if (raise(SIGTERM) || seen)
		return 4;
	if (signal(SIGKILL, on_signal) != SIG_ERR || errno != EINVAL)
		return 5;
	return 0;
}

static sigjmp_buf out_of_handler;

static void jump_out(int number)
{
	siglongjmp(out_of_handler, number);
}

static int abort_handler(int argc, char **argv)
{
	sigset_t now;

	(void)argc, (void)argv;
	signal(SIGABRT, jump_out);
	if (!sigsetjmp(out_of_handler, 1))
		abort();
	sigprocmask(SIG_SETMASK, NULL, &now);
	return sigismember(&now, SIGABRT) ? 1 : 0;
}

static jmp_buf deep;

static __attribute__((noinline)) void dive(int depth)
{
	volatile char frame[100];

	frame[0] = (char)depth;
	if (frame[0])
		dive(depth - 1);
	else if (!seen)
		longjmp(deep, 0); /* arrives as 1 */
}

static int jump(int argc, char **argv)
{
	volatile int times = 0;
	int value;

	(void)argc, (void)argv;
	value = setjmp(deep);
	if (++times < 1000) {
		if (value != (times > 1))
			return 1;
		dive(50);
		return 2;
	}
	return 0;
}

static __attribute__((noinline)) void smash(size_t bytes)
{
	char small[16], *p = small;

	__asm__("" : "+r"(p)); /* where it points, the compiler cannot tell */
	memset(p, 'A', bytes);
}

static int smash_stack(int argc, char **argv)
{
	(void)argc, (void)argv;
	smash(64);
	return 0;
}

static int canary(int argc, char **argv)
{
	unsigned long value;

	(void)argc, (void)argv;
	__asm__("mov %%fs:0x28, %0" : "=r"(value));
	printf("%016lx\n", value);
	return 0;
}

static int unknown_call(int argc, char **argv)
{
	(void)argc, (void)argv;
	for (int i = 0; i < 3; i++) {
		errno = 0;
		if (inotify_init1(IN_CLOEXEC) != -1 || errno != ENOSYS)
			return 1;
	}
	puts("went on");
	return 0;
}

static int unknown_numbers(int argc, char **argv)
{
	static const long numbers[] = {SYS_mount, 450, 511,	512,
				       9999,	  -1,  1L << 40};

	(void)argc, (void)argv;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		errno = 0;
		if (syscall(numbers[i], 1, 2, 3) != -1 || errno != ENOSYS)
			return 1;
	}
	/* A number at run time leads to the same place. */
	return syscall(SYS_getpid) == getpid() ? 0 : 2;
}

static int no_processes(int argc, char **argv)
{
	char *const args[] = {"true", NULL};

	(void)argc, (void)argv;
	errno = 0;
	if (fork() != -1 || errno != ENOSYS)
		return 1;
	errno = 0;
	if (vfork() != -1 || errno != ENOSYS)
		return 2;
	errno = 0;
	if (execv("/bin/true", args) != -1 || errno != ENOSYS)
		return 3;
	errno = 0;
	if (system("true") != -1)
		return 4;
	if (popen("true", "r"))
		return 5;
	errno = 0;
	if (wait(NULL) != -1 || !errno)
		return 6;
	puts("went on");
	return 0;
}

static int random_bytes(int argc, char **argv)
{
	static unsigned char bytes[1 << 20];
	unsigned count[256] = {0};
	size_t at = 0;

	(void)argc, (void)argv;
	while (at < sizeof(bytes)) {
		ssize_t n = getrandom(bytes + at, sizeof(bytes) - at, 0);

		if (n <= 0)
			return 1;
		at += (size_t)n;
	}
	/* Every part was filled: 4096 of each byte, give or take 8 sigma. */
	for (size_t i = 0; i < sizeof(bytes); i++)
		count[bytes[i]]++;
	for (int i = 0; i < 256; i++)
		if (count[i] < 3584 || count[i] > 4608)
			return 2;
	for (size_t i = 0; i + 16 <= sizeof(bytes); i += 16)
		if (!memcmp(bytes + i, (char[16]){0}, 16))
			return 3;
	for (int i = 0; i < 16; i++)
		printf("%02x", bytes[i]);
	puts("");
	return 0;
}

static int random_nothing(int argc, char **argv)
{
	(void)argc, (void)argv;
	return getrandom(NULL, 0, 0) != 0;
}

static int identity(int argc, char **argv)
{
	struct utsname u;

	(void)argc, (void)argv;
	if (uname(&u) || strcmp(u.machine, "x86_64"))
		return 1;
	return getpid() != 1 || getuid() || geteuid() || getgid();
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} behaviours[] = {
		{"arguments", arguments},
		{"environment", environment},
		{"first-argument", first_argument},
		{"end", end},
		{"exit", end_by_exit},
		{"_exit", end_by_exit_now},
		{"abort", end_by_abort},
		{"assert", end_by_assert},
		{"raise", raise_one},
		{"kill", kill_self},
		{"handler", handler},
		{"abort-handler", abort_handler},
		{"jump", jump},
		{"smash-stack", smash_stack},
		{"canary", canary},
		{"unknown-call", unknown_call},
		{"unknown-numbers", unknown_numbers},
		{"no-processes", no_processes},
		{"random", random_bytes},
		{"random-nothing", random_nothing},
		{"identity", identity},
	};

	for (size_t i = 0; i < sizeof(behaviours) / sizeof(*behaviours); i++)
		if (argc > 1 && !strcmp(argv[1], behaviours[i].name))
			return behaviours[i].run(argc, argv);
	return 99;
}
