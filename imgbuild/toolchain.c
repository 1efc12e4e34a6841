/* SPDX-License-Identifier: ISC */
#include "toolchain.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

static const char *const compilers[] = {"gcc", "cc", "clang", NULL};

/* The compilers to try, in order. */
static const char *const *candidates(const char *chosen[2])
{
	chosen[0] = getenv("HVT_CC");
	chosen[1] = NULL;
	return chosen[0] && *chosen[0] ? chosen : compilers;
}

static int no_compiler(int err)
{
	const char *set = getenv("HVT_CC");

	if (set && *set)
		warnx("cannot run the compiler, HVT_CC=%s: %s", set,
		      strerror(-err));
	else if (err == -ENOENT)
		warnx("no compiler found: install gcc, or set HVT_CC");
	else
		warnx("cannot run the compiler: %s", strerror(-err));
	return err;
}

/* True if @dir is a sysroot; @tc->sysroot then names it canonically. */
static bool try_sysroot(struct toolchain *tc, const char *dir)
{
	char script[PATH_MAX];
	int n = snprintf(script, sizeof(script), "%s/lib/image.ld", dir);

	return n > 0 && (size_t)n < sizeof(script) &&
	       access(script, R_OK) == 0 && realpath(dir, tc->sysroot);
}

static int find_sysroot(struct toolchain *tc)
{
	static const char *const beside[] = {"../lib/hvt", "../build/sysroot"};
	const char *set = getenv("HVT_SYSROOT");
	char exe[PATH_MAX], dir[PATH_MAX + 32];
	ssize_t n;

	if (set && *set) {
		if (try_sysroot(tc, set))
			return 0;
		warnx("HVT_SYSROOT=%s: no lib/image.ld in there", set);
		return -ENOENT;
	}
	n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	exe[n > 0 ? n : 0] = '\0';
	if (strrchr(exe, '/'))
		*strrchr(exe, '/') = '\0';
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		snprintf(dir, sizeof(dir), "%s/%s", exe, beside[i]);
		if (try_sysroot(tc, dir))
			return 0;
	}
	warnx("no guest runtime in %s/../lib/hvt or %s/../build/sysroot: "
	      "build it with make, or set HVT_SYSROOT",
	      exe, exe);
	return -ENOENT;
}

/* Where the compiler @cc finds its own file @name. */
static int ask_path(const char *cc, const char *name, char path[PATH_MAX])
{
	char option[64], program[PATH_MAX];
	char *argv[] = {program, option, NULL};

	snprintf(program, sizeof(program), "%s", cc);
	snprintf(option, sizeof(option), "-print-file-name=%s", name);
	return process_read_line(argv, path, PATH_MAX);
}

static int find_compiler(struct toolchain *tc)
{
	const char *chosen[2], *const *cc;
	int err = -ENOENT;

	for (cc = candidates(chosen); *cc; cc++) {
		err = ask_path(*cc, "include", tc->cc_include);
		if (err != -ENOENT)
			break;
	}
	if (!err && tc->cc_include[0] != '/')
		err = -EPROTO;
	if (!err)
		err = ask_path(*cc, "libgcc.a", tc->libgcc);
	if (!err && tc->libgcc[0] != '/')
		err = -EPROTO;
	if (err)
		return no_compiler(err);
	snprintf(tc->cc, sizeof(tc->cc), "%s", *cc);
	/* Clang's own headers are always in lib/clang/VERSION/include. */
	tc->is_clang = strstr(tc->cc_include, "/clang/") != NULL;
	return 0;
}

int toolchain_find(struct toolchain *tc)
{
	int err = find_sysroot(tc);

	return err ? err : find_compiler(tc);
}

int toolchain_exec(char *argv[])
{
	const char *chosen[2], *const *cc;
	char program[PATH_MAX];
	int err = -ENOENT;

	for (cc = candidates(chosen); *cc; cc++) {
		snprintf(program, sizeof(program), "%s", *cc);
		argv[0] = program;
		execvp(program, argv);
		err = -errno;
		if (err != -ENOENT)
			break;
	}
	return no_compiler(err);
}
