/* SPDX-License-Identifier: ISC */
#include "test_run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stats.h"

#define STATUS_SIGNAL 128
#define OWN_OPTIONS   5 /* besides those of the plan, and the image */

static const char *const left_files[] = {"out", "err", "core", "trace.json"};

void test_run_file(const struct test_run *r, const char *name, char *path,
		   unsigned bytes)
{
	snprintf(path, bytes, "%s/%s", r->path, name);
}

/* DIRECTORY/INDEX-NAME, with the last part of the image's name. */
static int make_directory(struct test_run *r, const struct test_plan *plan,
			  unsigned index)
{
	const char *slash = strrchr(r->image, '/');
	const char *name = slash ? slash + 1 : r->image;
	size_t bytes = strlen(plan->directory) + strlen(name) + 16;

	r->path = malloc(bytes);
	if (!r->path)
		return -ENOMEM;
	snprintf(r->path, bytes, "%s/%u-%s", plan->directory, index + 1, name);
	if ((mkdir(plan->directory, 0777) < 0 && errno != EEXIST) ||
	    (mkdir(r->path, 0777) < 0 && errno != EEXIST))
		return -errno;
	return 0;
}

static bool redirect(const struct test_run *r, const char *name, int to)
{
	char path[PATH_MAX];
	int fd;

	test_run_file(r, name, path, sizeof(path));
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0666);
	return fd >= 0 && dup2(fd, to) >= 0 && (fd == to || !close(fd));
}

static _Noreturn void become_tender(const struct test_run *r,
				    const struct test_plan *plan)
{
	char core[PATH_MAX + 8], trace[PATH_MAX + 16], timeout[64];
	char **argv = calloc((size_t)plan->option_count + OWN_OPTIONS + 2,
			     sizeof(*argv));
	int n = 0, null = open("/dev/null", O_RDONLY);

	if (!argv || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    !redirect(r, "out", STDOUT_FILENO) ||
	    !redirect(r, "err", STDERR_FILENO))
		_exit(125);
	snprintf(core, sizeof(core), "--core=%s/core", r->path);
	snprintf(trace, sizeof(trace), "--trace=%s/trace.json", r->path);
	snprintf(timeout, sizeof(timeout), "--timeout=%s", plan->timeout);
	argv[n++] = (char *)"tender";
	argv[n++] = core;
	argv[n++] = trace;
	argv[n++] = timeout;
	for (int i = 0; i < plan->option_count; i++)
		argv[n++] = plan->option[i];
	argv[n++] = (char *)(uintptr_t)r->image;
	execv("/proc/self/exe", argv);
	_exit(125);
}

int test_run_start(struct test_run *r, const struct test_plan *plan,
		   unsigned index)
{
	int err = make_directory(r, plan, index);

	if (err)
		return err;
	r->started_ns = stats_now();
	r->pid = fork();
	if (!r->pid)
		become_tender(r, plan);
	return r->pid < 0 ? -errno : 0;
}

bool test_run_passed(const struct test_run *r, const struct test_plan *plan)
{
	return r->status == plan->expected;
}

/* What says nothing goes: empty files, and all of one that passed. */
static void tidy(const struct test_run *r, bool passed)
{
	char path[PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < sizeof(left_files) / sizeof(left_files[0]);
	     i++) {
		test_run_file(r, left_files[i], path, sizeof(path));
		if (passed || (!stat(path, &st) && !st.st_size))
			unlink(path);
	}
	if (passed)
		rmdir(r->path);
}

void test_run_end(struct test_run *r, const struct test_plan *plan,
		  int wait_status)
{
	r->ns = stats_now() - r->started_ns;
	r->pid = 0;
	r->done = true;
	r->status = WIFEXITED(wait_status)
			    ? WEXITSTATUS(wait_status)
			    : STATUS_SIGNAL + WTERMSIG(wait_status);
	tidy(r, test_run_passed(r, plan));
}
