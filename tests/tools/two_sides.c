/* SPDX-License-Identifier: ISC */
/*
 * two_sides kill|disturb|fault COUNT SEED TENDER ARGUMENT...
 *
 * Starts a tender on the process vCPU COUNT times, and does something to it or
 * to its guest's process at a random moment of the first milliseconds. Status
 * 0 when all went as it must, else it prints what did not.
 *
 * kill     Kills either side, or both. The guest must be one that never ends.
 *          A tender whose guest was killed says so and ends with 125; one that
 *          is killed has said nothing before (its disk was free); and no
 *          process is left, not even one that waits to be reaped.
 *
 * disturb  Sends the guest's process signals that do no harm to one that is
 *          not traced. The guest must end with 0, and the tender say nothing.
 *
 * fault    Sends it SIGSEGV. The guest must be one that prints something and
 *          never ends. Either the tender fails, or the guest is locked in.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_SECONDS 60
#define SPAN_US		 3000 /* a start takes one or two milliseconds */

static uint64_t random_state;
static int out, said; /* what the tender writes to */

static unsigned random_below(unsigned n)
{
	random_state = random_state * 6364136223846793005 + 1442695040888963407;
	return (unsigned)(random_state >> 33) % n;
}

static bool is_empty(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && !st.st_size;
}

static const char *text_of(int fd)
{
	static char text[8192];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static _Noreturn void fail(const char *what)
{
	printf("%s; the tender said: %s\n", what, text_of(said));
	exit(1);
}

static void too_late(int signal)
{
	static const char text[] = "a process outlived the other\n";

	(void)signal;
	_exit(write(STDOUT_FILENO, text, sizeof(text) - 1) < 0 ? 2 : 1);
}

static void sleep_us(unsigned us)
{
	struct timespec t = {.tv_nsec = us * 1000L};

	nanosleep(&t, NULL);
}

static pid_t start(char **argv)
{
	pid_t pid;

	if (ftruncate(said, 0) < 0 || ftruncate(out, 0) < 0)
		fail("cannot empty a file");
	pid = fork();
	if (pid < 0)
		fail("cannot start");
	if (pid == 0) {
		dup2(out, STDOUT_FILENO);
		dup2(said, STDERR_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
	return pid;
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = {0};

	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT);
	return info.si_pid;
}

/* The first child of the tender; 0 when it has ended without one. */
static pid_t find_guest(pid_t tender)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", tender,
		 tender);
	while (!has_ended(tender)) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

		if (fd >= 0)
			close(fd);
		text[n > 0 ? n : 0] = '\0';
		if (n > 0)
			return (pid_t)strtol(text, NULL, 10);
	}
	return 0;
}

/* Waits for the tender to end, and for whatever it left: orphans are ours. */
static int finish(pid_t tender)
{
	int status;

	alarm(PATIENCE_SECONDS);
	waitpid(tender, &status, 0);
	while (waitpid(-1, NULL, 0) > 0)
		;
	if (errno != ECHILD)
		fail("cannot wait");
	alarm(0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void kill_once(unsigned turn, char **argv)
{
	bool both = turn % 20 == 19, tender_too = both || turn % 2;
	pid_t tender = start(argv), guest = 0;
	int status;

	if (both || !tender_too) {
		guest = find_guest(tender);
		if (!guest)
			fail("the tender had no guest");
	}
	sleep_us(random_below(SPAN_US));
	if (guest)
		kill(guest, SIGKILL);
	if (tender_too)
		kill(tender, SIGKILL);
	status = finish(tender);
	if (!tender_too && status != 125)
		fail("its guest was killed, but it did not end with 125");
	if (!tender_too && !strstr(text_of(said), "killed (signal 9)"))
		fail("its guest was killed");
	if (tender_too && !both && !is_empty(said))
		fail("it was to be killed");
}

static void disturb_once(unsigned turn, char **argv)
{
	static const int signals[] = {SIGWINCH, SIGCONT, SIGURG};
	pid_t tender = start(argv), guest = find_guest(tender);

	/* It may have been too quick for us. */
	while (guest && !has_ended(tender)) {
		kill(guest, signals[turn % 3]);
		sleep_us(random_below(200));
	}
	if (finish(tender) || !is_empty(said))
		fail("disturbed");
}

static void fault_once(unsigned turn, char **argv)
{
	pid_t tender = start(argv), guest = find_guest(tender);
	char path[64];
	int status;

	if (!guest)
		fail("the tender had no guest");
	sleep_us(random_below(600));
	for (unsigned n = turn % 8 + 1; n; n--)
		kill(guest, SIGSEGV);
	alarm(PATIENCE_SECONDS);
	while (is_empty(out) && !has_ended(tender))
		sleep_us(100);
	if (!has_ended(tender)) {
		snprintf(path, sizeof(path), "/proc/%d/status", guest);
		status = open(path, O_RDONLY | O_CLOEXEC);
		if (status < 0 || !strstr(text_of(status), "\nSeccomp:\t2\n"))
			fail("the guest runs, and is not locked in");
		close(status);
	} else if (is_empty(said)) {
		fail("it ended");
	}
	kill(tender, SIGKILL);
	finish(tender);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(unsigned turn, char **argv);
	} modes[] = {
		{"kill", kill_once},
		{"disturb", disturb_once},
		{"fault", fault_once},
	};
	const unsigned flags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC;
	unsigned count;

	if (argc < 5)
		return 2;
	out = open("two_sides.out", (int)flags, 0600);
	said = open("two_sides.err", (int)flags, 0600);
	if (out < 0 || said < 0)
		return 2;
	count = (unsigned)strtoul(argv[2], NULL, 10);
	random_state = strtoull(argv[3], NULL, 10);
	setvbuf(stdout, NULL, _IONBF, 0);
	signal(SIGALRM, too_late);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_TIMERSLACK, 1UL);
	for (unsigned m = 0; m < sizeof(modes) / sizeof(modes[0]); m++) {
		if (strcmp(argv[1], modes[m].name))
			continue;
		for (unsigned turn = 0; turn < count; turn++)
			modes[m].run(turn, argv + 4);
		return 0;
	}
	return 2;
}
