/* SPDX-License-Identifier: ISC */
#include "test_command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "test_report.h"
#include "test_run.h"

#define STATUS_BAD 125
#define JOBS_MAX   256
#define STATUS_MAX 255

static const char help[] =
	"usage: tender test [options] IMAGE...\n"
	"Runs each image, and tells in TAP which ended as expected.\n"
	"\n"
	"  --jobs=N            so many at a time (default: one for each CPU)\n"
	"  --timeout=SECONDS   for each (default 60)\n"
	"  --expect-exit=N     the status that is good (default 0)\n"
	"  --junit=FILE        the results as XML, too\n"
	"  --keep=DIR          console, core and trace of those that failed\n"
	"                      (default tender-test)\n"
	"\n"
	"Other options, as --option or --option=value, go to each tender.\n"
	"Exit status: 0 all passed; 1 some did not; 125 a bad option.\n";

struct test {
	struct test_plan plan;
	const char *junit;
	unsigned jobs;
	unsigned count;
	struct test_run *run;
};

/* The value of --NAME= in @arg, or NULL. */
static const char *value_of(const char *arg, const char *name)
{
	size_t n = strlen(name);

	if (strncmp(arg, name, n) != 0 || arg[n] != '=')
		return NULL;
	return arg + n + 1;
}

static bool read_count(const char *text, unsigned least, unsigned most,
		       unsigned *out)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < least || n > most)
		return false;
	*out = (unsigned)n;
	return true;
}

/* False after printing what is wrong with an option of ours. */
static bool take_option(struct test *t, char *arg)
{
	const char *value;
	unsigned n;

	if ((value = value_of(arg, "--junit"))) {
		t->junit = value;
	} else if ((value = value_of(arg, "--keep"))) {
		t->plan.directory = value;
	} else if ((value = value_of(arg, "--timeout"))) {
		t->plan.timeout = value;
	} else if ((value = value_of(arg, "--jobs"))) {
		if (read_count(value, 1, JOBS_MAX, &t->jobs))
			return true;
		log_error("%s: expected a number from 1 to %d", arg, JOBS_MAX);
		return false;
	} else if ((value = value_of(arg, "--expect-exit"))) {
		if (!read_count(value, 0, STATUS_MAX, &n)) {
			log_error("%s: expected a status from 0 to %d", arg,
				  STATUS_MAX);
			return false;
		}
		t->plan.expected = (int)n;
	} else {
		t->plan.option[t->plan.option_count++] = arg;
	}
	return true;
}

static unsigned running(const struct test *t)
{
	unsigned n = 0;

	for (unsigned i = 0; i < t->count; i++)
		n += t->run[i].pid > 0;
	return n;
}

static void start(struct test *t, unsigned i)
{
	int err = test_run_start(&t->run[i], &t->plan, i);

	if (!err)
		return;
	log_error("%s: %s: %s", t->run[i].image,
		  t->run[i].path ? t->run[i].path : "not started",
		  strerror(-err));
	t->run[i].pid = 0;
	t->run[i].status = -1;
	t->run[i].done = true;
}

/* Waits for one to end. */
static void reap(struct test *t)
{
	int status;
	pid_t pid = wait(&status);

	for (unsigned i = 0; pid > 0 && i < t->count; i++)
		if (t->run[i].pid == pid)
			test_run_end(&t->run[i], &t->plan, status);
}

/* Results are told in the order of the images, whatever ended first. */
static void run_all(struct test *t)
{
	unsigned next = 0, told = 0;

	printf("TAP version 13\n1..%u\n", t->count);
	fflush(stdout);
	while (told < t->count) {
		while (next < t->count && running(t) < t->jobs)
			start(t, next++);
		if (running(t))
			reap(t);
		for (; told < next && t->run[told].done; told++)
			test_report_tap(stdout, &t->run[told], &t->plan, told);
	}
}

static int verdict(const struct test *t)
{
	unsigned failed = 0;
	int err;

	for (unsigned i = 0; i < t->count; i++)
		failed += !test_run_passed(&t->run[i], &t->plan);
	if (!failed)
		rmdir(t->plan.directory); /* unless something else is in it */
	err = t->junit ? test_report_junit(t->junit, t->run, t->count, &t->plan)
		       : 0;
	if (err) {
		log_error("--junit=%s: %s", t->junit, strerror(-err));
		return STATUS_BAD;
	}
	return failed ? 1 : 0;
}

int test_command(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct test t = {
		.plan = {.directory = "tender-test", .timeout = "60"},
		.jobs = cpus > 0 && cpus < JOBS_MAX ? (unsigned)cpus : 1,
	};
	int i, status = STATUS_BAD;

	t.plan.option = calloc((size_t)argc, sizeof(*t.plan.option));
	t.run = calloc((size_t)argc, sizeof(*t.run));
	if (!t.plan.option || !t.run) {
		log_error("out of memory");
		goto free_all;
	}
	for (i = 1; i < argc && !strncmp(argv[i], "--", 2); i++) {
		if (!strcmp(argv[i], "--help")) {
			status = fputs(help, stdout) < 0 ? STATUS_BAD : 0;
			goto free_all;
		}
		if (!take_option(&t, argv[i]))
			goto free_all;
	}
	if (i == argc) {
		log_error("no image given; see tender test --help");
		goto free_all;
	}
	for (; i < argc; i++)
		t.run[t.count++].image = argv[i];
	signal(SIGCHLD, SIG_DFL);
	run_all(&t);
	status = verdict(&t);

free_all:
	for (unsigned n = 0; n < t.count; n++)
		free(t.run[n].path);
	free(t.run);
	free(t.plan.option);
	return status;
}
