/* SPDX-License-Identifier: ISC */
#include "disk.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ext2fs/ext2fs.h>

#include "disk_command.h"
#include "disk_text.h"

struct command {
	const char *name;
	int (*run)(const struct disk_args *args);
	const char *options; /* the letters in options[] that it takes */
	int least, most;     /* how many paths */
	const char *help;
};

/* The letters of long options are never seen by the user. */
static const struct option options[] = {
	{"force", no_argument, NULL, 'F'},
	{"from", required_argument, NULL, 'D'},
	{"help", no_argument, NULL, 'h'},
	{"json", no_argument, NULL, 'J'},
	{"label", required_argument, NULL, 'L'},
	{"no-journal", no_argument, NULL, 'N'},
	{"owner", required_argument, NULL, 'O'},
	{"recover", no_argument, NULL, 'R'},
	{"size", required_argument, NULL, 'S'},
	{NULL, 0, NULL, 0},
};

static const struct command commands[] = {
	{"create", disk_command_create, "FDLNOS", 1, 1,
	 "usage: imgbuild disk create [OPTIONS] IMAGE\n"
	 "\n"
	 "Makes an image with an ext4 file system.\n"
	 "  --size=SIZE      of the image: 64M, 2G; default: what --from "
	 "needs\n"
	 "  --from=DIR       put the files below DIR into it\n"
	 "  --label=NAME     up to 16 bytes\n"
	 "  --owner=UID:GID  of all files; default: as they are in DIR\n"
	 "  --no-journal     none; nor has an image below 8M one\n"
	 "  --force          replace IMAGE if it is there\n"},
	{"ls", disk_command_ls, "lR", 1, 1000000,
	 "usage: imgbuild disk ls [-l] [--recover] IMAGE[:/PATH]...\n"
	 "\n"
	 "Lists a directory, or names a file. With -l: mode, links, owner,\n"
	 "group, size, time.\n"},
	{"tree", disk_command_tree, "R", 1, 1,
	 "usage: imgbuild disk tree [--recover] IMAGE[:/PATH]\n"
	 "\n"
	 "Shows all that is in a directory.\n"},
	{"cat", disk_command_cat, "R", 1, 1000000,
	 "usage: imgbuild disk cat [--recover] IMAGE:/PATH...\n"
	 "\n"
	 "Writes files to standard output.\n"},
	{"cp", disk_command_cp, "rpOR", 2, 1000000,
	 "usage: imgbuild disk cp [OPTIONS] FILE... IMAGE:/PATH\n"
	 "       imgbuild disk cp [OPTIONS] IMAGE:/PATH... FILE\n"
	 "\n"
	 "Copies into an image or out of it, with modes and times. What is in\n"
	 "the way is replaced; an image that does not take all gets nothing.\n"
	 "  -r               directories, with all that is in them\n"
	 "  -p               out of an image: owners, set-id bits and devices\n"
	 "                   too, which takes privileges\n"
	 "  --owner=UID:GID  into an image: of all files\n"
	 "  --recover        have e2fsck put a journal's changes in place "
	 "first\n"
	 "\n"
	 "A file of the host whose path has \":/\" in it cannot be named.\n"},
	{"rm", disk_command_rm, "rR", 1, 1000000,
	 "usage: imgbuild disk rm [-r] [--recover] IMAGE:/PATH...\n"
	 "\n"
	 "Removes files; with -r directories too. All of them, or none.\n"},
	{"mkdir", disk_command_mkdir, "pOR", 1, 1000000,
	 "usage: imgbuild disk mkdir [-p] [--owner=UID:GID] [--recover]\n"
	 "                           IMAGE:/PATH...\n"
	 "\n"
	 "Makes directories; with -p those above them too, and it is no error\n"
	 "when they are there.\n"},
	{"info", disk_command_info, "J", 1, 1,
	 "usage: imgbuild disk info [--json] IMAGE\n"
	 "\n"
	 "Tells label, UUID, state, sizes and features.\n"},
	{"check", disk_command_check, "R", 1, 1,
	 "usage: imgbuild disk check [--recover] IMAGE\n"
	 "\n"
	 "Has e2fsck look for damage. The exit status is 0 if there is "
	 "none.\n"},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static const char help[] =
	"usage: imgbuild disk create [OPTIONS] IMAGE    a new file system\n"
	"       imgbuild disk ls [-l] IMAGE[:/PATH]...  names\n"
	"       imgbuild disk tree IMAGE[:/PATH]        names, all of them\n"
	"       imgbuild disk cat IMAGE:/PATH...        contents\n"
	"       imgbuild disk cp [-r] FROM... TO        in or out\n"
	"       imgbuild disk rm [-r] IMAGE:/PATH...\n"
	"       imgbuild disk mkdir [-p] IMAGE:/PATH...\n"
	"       imgbuild disk info [--json] IMAGE\n"
	"       imgbuild disk check IMAGE               with e2fsck\n"
	"\n"
	"For ext2, ext3 and ext4; needs no root. A bootable image that was\n"
	"built with --rootfs can be read too. See imgbuild disk COMMAND "
	"--help,\n"
	"and imgbuild(1).\n";

static int set_value(struct disk_args *args, int letter, const char *text)
{
	switch (letter) {
	case 'D':
		args->from = text;
		return 0;
	case 'L':
		args->label = text;
		if (strlen(text) <= 16)
			return 0;
		disk_warn("--label=%s: longer than 16 bytes", text);
		return -EINVAL;
	case 'O':
		args->set_owner = true;
		if (disk_text_parse_owner(text, &args->uid, &args->gid))
			return 0;
		disk_warn("--owner=%s: not UID:GID, two numbers", text);
		return -EINVAL;
	default:
		if (disk_text_parse_size(text, &args->size_bytes))
			return 0;
		disk_warn("--size=%s: not a number above 0, with K, M, G or T",
			  text);
		return -EINVAL;
	}
}

static int set_option(struct disk_args *args, int letter, const char *text)
{
	switch (letter) {
	case 'F':
		args->force = true;
		return 0;
	case 'J':
		args->json = true;
		return 0;
	case 'l':
		args->long_format = true;
		return 0;
	case 'N':
		args->no_journal = true;
		return 0;
	case 'p':
		args->parents = true;
		return 0;
	case 'r':
		args->recursive = true;
		return 0;
	case 'R':
		args->recover = true;
		return 0;
	default:
		return set_value(args, letter, text);
	}
}

/* 0; 1 when there was --help; -EINVAL with a line printed. */
static int parse(const struct command *command, struct disk_args *args,
		 int argc, char *argv[])
{
	int letter;

	opterr = 0;
	optind = 1;
	while ((letter = getopt_long(argc, argv, ":hlpr", options, NULL)) !=
	       -1) {
		if (letter == 'h')
			return 1;
		if (letter == ':' || letter == '?' ||
		    !strchr(command->options, letter)) {
			disk_warn("disk %s: %s: %s; try imgbuild disk %s "
				  "--help",
				  command->name, argv[optind - 1],
				  letter == ':' ? "needs a value"
						: "no such option",
				  command->name);
			return -EINVAL;
		}
		if (set_option(args, letter, optarg))
			return -EINVAL;
	}
	args->path = argv + optind;
	args->path_count = argc - optind;
	if (args->path_count < command->least ||
	    args->path_count > command->most) {
		disk_warn("disk %s: %s; try imgbuild disk %s --help",
			  command->name,
			  args->path_count > command->most
				  ? "one image at a time"
			  : command->least > 1 ? "name what to copy, and where"
					       : "name an image",
			  command->name);
		return -EINVAL;
	}
	return 0;
}

/* What libext2fs would print by itself is in the errors that it returns. */
static void stay_silent(const char *whoami, long code, const char *fmt,
			va_list args)
{
	(void)whoami, (void)code, (void)fmt, (void)args;
}

static int run(const struct command *command, int argc, char *argv[])
{
	struct disk_args args = {0};
	int status = parse(command, &args, argc, argv);

	if (status > 0)
		status = fputs(command->help, stdout) < 0;
	else if (!status)
		status = command->run(&args);
	if (fflush(stdout)) {
		disk_warn("standard output: %s", strerror(errno));
		status = 1;
	}
	return status ? 1 : 0;
}

int disk(int argc, char *argv[])
{
	if (argc < 2) {
		disk_warn("disk: name a command; try imgbuild disk --help");
		return 1;
	}
	initialize_ext2_error_table();
	set_com_err_hook(stay_silent);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (!strcmp(argv[1], commands[i].name))
			return run(&commands[i], argc - 1, argv + 1);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return fputs(help, stdout) < 0 || fflush(stdout);
	disk_warn("disk %s: no such command; try imgbuild disk --help",
		  argv[1]);
	return 1;
}
