/* SPDX-License-Identifier: ISC */
/*
 * imgbuild, and under the name hvt-cc the same as a drop-in for cc: see
 * imgbuild.1.
 */
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cc_args.h"
#include "disk.h"
#include "image_link.h"
#include "image_sign.h"
#include "inspect.h"
#include "toolchain.h"

#ifndef HVT_VERSION
#define HVT_VERSION "unknown"
#endif

static const char help[] =
	"usage: imgbuild [COMPILER OPTIONS] FILE... -o IMAGE\n"
	"       imgbuild inspect [--json] IMAGE\n"
	"       imgbuild disk COMMAND ...     see imgbuild disk --help\n"
	"       imgbuild keygen NAME          a pair of keys, NAME and "
	"NAME.pub\n"
	"       hvt-cc [COMPILER OPTIONS] FILE...\n"
	"\n"
	"Compiles and links C programs into a bootable image, and the symbols\n"
	"into IMAGE.debug. Takes the options of GCC and Clang; also:\n"
	"  --device=block:NAME  the image needs a block device of this name\n"
	"  --device=net:NAME    likewise, a network\n"
	"  --no-ext4            without file systems on disks, 200 KiB less\n"
	"  --rootfs=DIR         put the files below DIR into the image\n"
	"  --sign=KEY           sign the image with the secret key in this "
	"file\n"
	"  --rootfs-keep-owners ... with their owners, not root's\n"
	"\n"
	"hvt-cc is for CC=hvt-cc: -o defaults to a.out, and there is no\n"
	"default -O2. Environment: HVT_CC, HVT_SYSROOT. See imgbuild(1).\n";

/* Compilers refuse this as well, but then the failed build removes @out. */
static bool output_is_input(const struct cc_args *args, const char *out)
{
	struct stat o, i;

	if (stat(out, &o) || !S_ISREG(o.st_mode))
		return false;
	for (size_t n = 0; n < args->inputs.n; n++)
		if (!stat(args->inputs.v[n], &i) && i.st_dev == o.st_dev &&
		    i.st_ino == o.st_ino)
			return true;
	return false;
}

static int compile(const struct toolchain *tc, const struct cc_args *args)
{
	struct strlist cmd = {0};

	strlist_add(&cmd, tc->cc);
	if (tc->is_clang)
		strlist_add(&cmd, "-Qunused-arguments");
	image_compile_options(&cmd, tc, args);
	strlist_add_all(&cmd, &args->forward);
	image_include_options(&cmd, tc, args);
	if (cmd.failed) {
		warnx("out of memory");
	} else {
		execvp(tc->cc, cmd.v);
		warn("cannot run '%s'", tc->cc);
	}
	strlist_finish(&cmd);
	return 1;
}

static int link_image(const struct toolchain *tc, const struct cc_args *args,
		      const char *default_out)
{
	const char *out = args->output ? args->output : default_out;

	if (args->refused) {
		warnx("%s: an image is one static executable with a fixed "
		      "layout; leave this option out",
		      args->refused);
		return 1;
	}
	if (output_is_input(args, out)) {
		warnx("%s: would be both input and output", out);
		return 1;
	}
	return image_link(tc, args, out);
}

static int drive(struct cc_args *args, char *argv[], const char *default_out,
		 const char *default_opt)
{
	struct toolchain tc;

	if (args->mode == CC_QUERY || !args->inputs.n) {
		toolchain_exec(argv);
		return 1;
	}
	/* These name the host's headers and libraries. */
	unsetenv("CPATH");
	unsetenv("LIBRARY_PATH");
	if (toolchain_find(&tc))
		return 1;
	if (default_opt && !args->has_opt_level) {
		strlist_add(&args->forward, default_opt);
		args->has_opt_level = true;
	}
	return args->mode == CC_LINK ? link_image(&tc, args, default_out)
				     : compile(&tc, args);
}

int main(int argc, char *argv[])
{
	bool is_cc = !strcmp(program_invocation_short_name, "hvt-cc");
	struct cc_args args;
	int status = 1;

	if (!is_cc && argc == 1) {
		warnx("no input files; try imgbuild --help");
		return 1;
	}
	if (!is_cc) {
		if (!strcmp(argv[1], "inspect"))
			return inspect(argc - 1, argv + 1);
		if (!strcmp(argv[1], "disk"))
			return disk(argc - 1, argv + 1);
		if (!strcmp(argv[1], "keygen"))
			return keygen(argc - 1, argv + 1);
		if (!strcmp(argv[1], "--help"))
			return fputs(help, stdout) < 0;
		if (!strcmp(argv[1], "--version"))
			return printf("imgbuild %s\n", HVT_VERSION) < 0;
	}
	if (cc_args_parse(&args, argc, argv) == 0)
		status = drive(&args, argv, is_cc ? "a.out" : "a.out.hvt",
			       is_cc ? NULL : "-O2");
	cc_args_finish(&args);
	return status;
}
