/* SPDX-License-Identifier: ISC */
/*
 * Runs one or two commands in turns, A B A B ..., and prints as JSON how long
 * they took.
 *
 *	launch start RUNS A... [:: B...]
 *	launch whole RUNS A... [:: B...]
 *	launch own RUNS A... [:: B...]
 *	launch faults RUNS A...
 *
 * "start" and "whole" measure from spawn to the end of the process, with its
 * output thrown away; "own" takes the time that the program reports (bench.h),
 * and ends when two runs report different digests. A first run of each, to
 * warm caches, is not counted. The ratio is that of each pair, A / B.
 *
 * What "start" measures is shorter than a time slice, so that on a busy host
 * it would be mostly waiting for the CPU: where the user may, both sides run
 * ahead of ordinary processes.
 *
 * "faults" prints the fewest page faults that needed no disk, of a run of A.
 *
 * Status: 0; 1 when a command could not be run, failed, or took longer than two
 * minutes; 3 when digests differ.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define REPORT_BYTES  4096
#define LIMIT_SECONDS 120

enum {
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_DIFFERENT = 3,
};

static volatile sig_atomic_t limited_pid;

struct side {
	char **argv;
	double *ns;
};

struct launcher {
	bool own;
	bool real_time; /* wanted; then, whether it could be had */
	unsigned runs;
	unsigned sides;
	struct side side[2];
	char digest[64];
};

static _Noreturn void fail(int status, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static _Noreturn void fail(int status, const char *fmt, ...)
{
	va_list args;

	fputs("launch: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

static void end_run(int signal)
{
	(void)signal;
	kill(limited_pid, SIGKILL);
}

static pid_t spawn(char **argv, int out_fd)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int err;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
	err = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (err)
		fail(STATUS_FAILED, "%s: %s", argv[0], strerror(err));
	limited_pid = pid;
	alarm(LIMIT_SECONDS);
	return pid;
}

/* Returns the page faults of the process, and of those that it waited for. */
static long await(pid_t pid, const char *name)
{
	struct rusage usage;
	int status;

	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			fail(STATUS_FAILED, "wait4: %s", strerror(errno));
	if (!alarm(0))
		fail(STATUS_FAILED, "%s: no end after %d s", name,
		     LIMIT_SECONDS);
	if (WIFSIGNALED(status))
		fail(STATUS_FAILED, "%s: signal %d", name, WTERMSIG(status));
	if (WEXITSTATUS(status))
		fail(STATUS_FAILED, "%s: status %d", name, WEXITSTATUS(status));
	return usage.ru_minflt;
}

static int open_null(void)
{
	static int null_fd = -1;

	if (null_fd < 0)
		null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	return null_fd;
}

static double run_wall(const struct side *side)
{
	int null_fd = open_null();
	uint64_t start = bench_now_ns();

	await(spawn(side->argv, null_fd), side->argv[0]);
	return (double)(bench_now_ns() - start);
}

static void read_all(int fd, char text[REPORT_BYTES])
{
	size_t held = 0;
	ssize_t n;

	while ((n = read(fd, text + held, REPORT_BYTES - 1 - held)) > 0)
		held += (size_t)n;
	text[held] = '\0';
}

static double run_own(struct launcher *l, const struct side *side)
{
	char text[REPORT_BYTES], digest[sizeof(l->digest)];
	int fds[2];
	double ns;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		fail(STATUS_FAILED, "pipe: %s", strerror(errno));
	pid = spawn(side->argv, fds[1]);
	close(fds[1]);
	read_all(fds[0], text);
	close(fds[0]);
	await(pid, side->argv[0]);
	if (sscanf(text, "digest %63s ns %lf", digest, &ns) != 2)
		fail(STATUS_FAILED, "%s: no report in its output",
		     side->argv[0]);
	if (!l->digest[0])
		strcpy(l->digest, digest);
	if (strcmp(l->digest, digest) != 0)
		fail(STATUS_DIFFERENT, "digests differ: %s and, from %s, %s",
		     l->digest, side->argv[0], digest);
	return ns;
}

static int print_faults(const struct launcher *l)
{
	const struct side *side = &l->side[0];
	long least = 0;

	for (unsigned i = 0; i < l->runs; i++) {
		long n = await(spawn(side->argv, open_null()), side->argv[0]);

		if (!i || n < least)
			least = n;
	}
	printf("%ld\n", least);
	return 0;
}

static bool go_ahead_of_others(void)
{
	struct sched_param param = {
		.sched_priority = sched_get_priority_min(SCHED_FIFO),
	};

	return sched_setscheduler(0, SCHED_FIFO, &param) == 0;
}

static void run_all(struct launcher *l)
{
	l->real_time = l->real_time && go_ahead_of_others();
	for (unsigned i = 0; i <= l->runs; i++)
		for (unsigned s = 0; s < l->sides; s++) {
			struct side *side = &l->side[s];
			double ns = l->own ? run_own(l, side) : run_wall(side);

			if (i)
				side->ns[i - 1] = ns;
		}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The value below which @share of the sorted @v lie, between neighbours. */
static double quantile(const double *v, unsigned n, double share)
{
	double at = share * (n - 1);
	unsigned below = (unsigned)at;

	if (below + 1 >= n)
		return v[n - 1];
	return v[below] + (at - below) * (v[below + 1] - v[below]);
}

static void print_stats(const char *name, double *v, unsigned n)
{
	qsort(v, n, sizeof(*v), compare);
	printf(", \"%s\": {\"median\": %.6g, \"q1\": %.6g, \"q3\": %.6g, "
	       "\"min\": %.6g}",
	       name, quantile(v, n, 0.5), quantile(v, n, 0.25),
	       quantile(v, n, 0.75), v[0]);
}

static double *new_values(unsigned n)
{
	double *v = calloc(n, sizeof(*v));

	if (!v)
		fail(STATUS_FAILED, "out of memory");
	return v;
}

static void print_all(struct launcher *l)
{
	double *ratio = new_values(l->runs);

	printf("{\"runs\": %u, \"real_time\": %s", l->runs,
	       l->real_time ? "true" : "false");
	if (l->own)
		printf(", \"digest\": \"%s\"", l->digest);
	if (l->sides == 2) {
		for (unsigned i = 0; i < l->runs; i++)
			ratio[i] = l->side[0].ns[i] / l->side[1].ns[i];
		print_stats("ratio", ratio, l->runs);
		print_stats("b", l->side[1].ns, l->runs);
	}
	print_stats("a", l->side[0].ns, l->runs);
	puts("}");
	free(ratio);
}

int main(int argc, char **argv)
{
	struct launcher l = {.sides = 1};

	if (argc < 4)
		fail(STATUS_USAGE, "start|whole|own RUNS A... [:: B...]");
	signal(SIGALRM, end_run);
	l.own = !strcmp(argv[1], "own");
	l.real_time = !strcmp(argv[1], "start");
	l.runs = (unsigned)strtoul(argv[2], NULL, 10);
	l.side[0].argv = argv + 3;
	for (int i = 4; i < argc - 1 && l.sides == 1; i++)
		if (!strcmp(argv[i], "::")) {
			argv[i] = NULL;
			l.side[l.sides++].argv = argv + i + 1;
		}
	if (!l.runs)
		fail(STATUS_USAGE, "'%s' is no number of runs", argv[2]);
	if (!strcmp(argv[1], "faults"))
		return print_faults(&l);
	for (unsigned s = 0; s < l.sides; s++)
		l.side[s].ns = new_values(l.runs);
	run_all(&l);
	print_all(&l);
	return 0;
}
