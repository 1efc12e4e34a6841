/* SPDX-License-Identifier: ISC */
/*
 * THEORY OF OPERATION
 * The compiler is told the user's own -o, so that dependency files, LTO dumps
 * and the like get the names they always have; but the linker gets a second
 * -o, which wins, into a fresh directory beside the output. There the image
 * is split from its symbols and checked. Only what passed is renamed into
 * place, and whatever happens, the directory goes away.
 */
#include "image_link.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cc_args.h"
#include "device_note.h"
#include "elf_check.h"
#include "image_rootfs.h"
#include "image_sign.h"
#include "line_table.h"
#include "line_table_format.h"
#include "process.h"
#include "toolchain.h"

enum work_file {
	WORK_LINKED,
	WORK_IMAGE,
	WORK_DEBUG,
	WORK_LINES,
	WORK_NOTES,
	WORK_SPECS,
	WORK_ROOTFS,
	WORK_ROOTFS_SOURCE,
	WORK_ROOTFS_OBJECT,
	WORK_FILE_COUNT
};

static const char *const work_names[] = {
	[WORK_LINKED] = "linked",
	[WORK_IMAGE] = "image",
	[WORK_DEBUG] = "debug",
	[WORK_LINES] = "lines",
	[WORK_NOTES] = "notes.o",
	[WORK_SPECS] = "gcc.specs",
	[WORK_ROOTFS] = "rootfs",
	[WORK_ROOTFS_SOURCE] = "rootfs.s",
	[WORK_ROOTFS_OBJECT] = "rootfs.o",
};

_Static_assert(sizeof(work_names) / sizeof(work_names[0]) == WORK_FILE_COUNT,
	       "every file has a name");

struct work {
	const struct toolchain *tc;
	const struct cc_args *args;
	const char *out;
	struct process_signals signals;
	struct strlist paths; /* out.debug, the directory, each work_file */
	bool keep;	      /* out is to be written */
};

static const char *out_debug(const struct work *w)
{
	return w->paths.v[0];
}

static const char *work_dir(const struct work *w)
{
	return w->paths.v[1];
}

static char *work_path(const struct work *w, enum work_file file)
{
	return w->paths.v[2 + file];
}

void image_compile_options(struct strlist *cmd, const struct toolchain *tc,
			   const struct cc_args *args)
{
	static const char *const always[] = {
		"-D__hvt__=1",
		"-fno-pie",
		"-ffunction-sections",
		"-fdata-sections",
		"-fno-omit-frame-pointer",
		"-fstack-protector-strong",
		"-fstack-clash-protection",
	};
	char *cwd = get_current_dir_name();

	if (args->makes_object)
		strlist_add(cmd, "-g");
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		strlist_add(cmd, always[i]);
	/* The build id covers the debug sections, which name directories. */
	if (tc->is_clang)
		strlist_add(cmd, "-fdebug-compilation-dir=.");
	if (cwd && strcmp(cwd, "/") != 0)
		strlist_addf(cmd, "-fdebug-prefix-map=%s=.", cwd);
	strlist_addf(cmd, "-fdebug-prefix-map=%s=/hvt", tc->sysroot);
	free(cwd);
}

void image_include_options(struct strlist *cmd, const struct toolchain *tc,
			   const struct cc_args *args)
{
	if (args->no_includes)
		return;
	strlist_add(cmd, "-nostdinc");
	strlist_add(cmd, "-isystem");
	strlist_addf(cmd, "%s/include", tc->sysroot);
	strlist_add(cmd, "-isystem");
	strlist_add(cmd, tc->cc_include);
}

/* Empties the list of the host's library directories. */
static void add_search_options(struct strlist *cmd, const struct work *w)
{
	const struct toolchain *tc = w->tc;

	if (tc->is_clang)
		strlist_addf(cmd, "--sysroot=%s", tc->sysroot);
	else
		strlist_addf(cmd, "-specs=%s", work_path(w, WORK_SPECS));
	strlist_addf(cmd, "-T%s/lib/image.ld", tc->sysroot);
}

static void add_link_options(struct strlist *cmd)
{
	static const char *const options[] = {
		"-static",
		"-no-pie",
		"-nostdlib",
		"-Wl,--gc-sections",
		"-Wl,--build-id=sha1",
		"-Wl,--eh-frame-hdr",
		"-Wl,-z,noexecstack",
		"-Wl,-z,norelro",
		"-Wl,-z,max-page-size=4096",
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		strlist_add(cmd, options[i]);
}

/* What comes behind the user's files; libhvt.a first: its symbols win. */
static void add_libraries(struct strlist *cmd, const struct work *w)
{
	const struct toolchain *tc = w->tc;
	const char *slash = strrchr(tc->libgcc, '/');
	int libgcc_dir = (int)(slash - tc->libgcc);

	if (w->args->has_language)
		strlist_add(cmd, "-xnone");
	if (w->args->device_count)
		strlist_add(cmd, work_path(w, WORK_NOTES));
	if (w->args->rootfs)
		strlist_add(cmd, work_path(w, WORK_ROOTFS_OBJECT));
	if (w->args->no_ext4)
		strlist_addf(cmd, "%s/lib/hvt-no-ext4.o", tc->sysroot);
	strlist_addf(cmd, "-L%s/lib", tc->sysroot);
	strlist_addf(cmd, "-L%.*s", libgcc_dir, tc->libgcc);
	if (!w->args->no_libs) {
		strlist_add(cmd, "-Wl,--start-group");
		strlist_add(cmd, "-lhvt");
		strlist_add(cmd, "-lc");
		strlist_add(cmd, "-lgcc");
		strlist_add(cmd, "-lgcc_eh");
		strlist_add(cmd, "-Wl,--end-group");
	}
	/* Not by -Wl, which a comma in the path would break. */
	strlist_add(cmd, "-Xlinker");
	strlist_add(cmd, "-o");
	strlist_add(cmd, "-Xlinker");
	strlist_add(cmd, work_path(w, WORK_LINKED));
}

static int run(struct work *w, struct strlist *cmd)
{
	int status = -ENOMEM;

	if (!cmd->failed)
		status = process_run(&w->signals, cmd->v);
	if (status < 0 && status != -EINTR)
		warnx("cannot run '%s': %s", cmd->n ? cmd->v[0] : "",
		      strerror(-status));
	strlist_finish(cmd);
	return status;
}

/* Exit status; the compiler itself says what is wrong. */
static int run_compiler(struct work *w)
{
	const struct toolchain *tc = w->tc;
	struct strlist cmd = {0};
	int status;

	strlist_add(&cmd, tc->cc);
	if (tc->is_clang)
		strlist_add(&cmd, "-Qunused-arguments");
	if (w->args->has_source)
		image_compile_options(&cmd, tc, w->args);
	add_link_options(&cmd);
	add_search_options(&cmd, w);
	if (!w->args->no_start)
		strlist_addf(&cmd, "%s/lib/hvt-start.o", tc->sysroot);
	strlist_add_all(&cmd, &w->args->forward);
	if (!w->args->output) {
		strlist_add(&cmd, "-o");
		strlist_add(&cmd, w->out);
	}
	if (w->args->has_source)
		image_include_options(&cmd, tc, w->args);
	add_libraries(&cmd, w);
	status = run(w, &cmd);
	if (status < 0 || status > 128)
		return 1;
	if (!status && access(work_path(w, WORK_LINKED), F_OK)) {
		warnx("%s: the compiler linked nothing", w->out);
		return 1;
	}
	return status;
}

/* @add: with what tells its source lines. */
static int run_objcopy(struct work *w, const char *option, enum work_file to,
		       bool add)
{
	struct strlist cmd = {0};
	int status;

	strlist_add(&cmd, "objcopy");
	strlist_add(&cmd, option);
	if (add) {
		strlist_addf(&cmd, "--add-section=%s=%s", BP_LINE_SECTION,
			     work_path(w, WORK_LINES));
		/* Else --only-keep-debug drops it again. */
		strlist_add(&cmd, "--set-section-flags=" BP_LINE_SECTION
				  "=readonly,debug");
	}
	strlist_add(&cmd, work_path(w, WORK_LINKED));
	strlist_add(&cmd, work_path(w, to));
	status = run(w, &cmd);
	if (status > 0)
		warnx("%s: objcopy %s failed", w->out, option);
	return status ? 1 : 0;
}

static int write_lines(const struct work *w)
{
	int err = line_table_write(work_path(w, WORK_LINKED),
				   work_path(w, WORK_LINES));

	if (err)
		warnx("%s: cannot write its source lines: %s", w->out,
		      strerror(-err));
	return err ? 1 : 0;
}

static int check(const struct work *w)
{
	int fd = open(work_path(w, WORK_IMAGE), O_RDONLY | O_CLOEXEC);
	struct elf_check_error error = {""};
	struct image_info info;
	int err;

	if (fd < 0) {
		warn("%s", work_path(w, WORK_IMAGE));
		return 1;
	}
	err = elf_check_image(fd, &info, &error);
	if (!err)
		err = elf_check_sections(fd, &info, &error);
	close(fd);
	if (err)
		warnx("%s: not a good image: %s", w->out, error.text);
	return err ? 1 : 0;
}

static int write_inputs(struct work *w)
{
	/* GCC makes -L options of this; no host library is for the guest. */
	static const char specs[] = "*link_libgcc:\n\n\n";
	FILE *f = fopen(work_path(w, WORK_SPECS), "we");
	int err = 0;

	if (!f || fputs(specs, f) < 0)
		err = -EIO;
	if (f && fclose(f))
		err = -EIO;
	if (!err && w->args->device_count)
		err = device_note_write(work_path(w, WORK_NOTES),
					w->args->device, w->args->device_count);
	if (err)
		warnx("cannot write to %s: %s", work_dir(w), strerror(-err));
	return err ? 1 : 0;
}

static int make_rootfs(struct work *w)
{
	if (!w->args->rootfs)
		return 0;
	return image_rootfs_make(w->tc, &w->signals, w->args->rootfs,
				 w->args->rootfs_keep_owners,
				 work_path(w, WORK_ROOTFS),
				 work_path(w, WORK_ROOTFS_SOURCE),
				 work_path(w, WORK_ROOTFS_OBJECT));
}

static int put_in_place(const struct work *w)
{
	const char *debug = work_path(w, WORK_DEBUG);
	struct stat st;

	if (!w->keep)
		return 0;
	/* It is nothing to run. */
	if (stat(debug, &st) || chmod(debug, st.st_mode & 0666u) ||
	    rename(debug, out_debug(w))) {
		warn("%s", out_debug(w));
		return 1;
	}
	if (rename(work_path(w, WORK_IMAGE), w->out)) {
		warn("%s", w->out);
		return 1;
	}
	return 0;
}

static int build(struct work *w)
{
	int status = write_inputs(w);

	if (!status)
		status = make_rootfs(w);
	if (!status)
		status = run_compiler(w);
	if (!status)
		status = write_lines(w);
	if (!status)
		status = run_objcopy(w, "--only-keep-debug", WORK_DEBUG, true);
	if (!status)
		status = run_objcopy(w, "--strip-all", WORK_IMAGE, false);
	if (!status)
		status = check(w);
	if (!status && w->args->sign)
		status = image_sign(work_path(w, WORK_IMAGE), w->args->sign);
	if (!status)
		status = put_in_place(w);
	return status;
}

static void remove_output(const char *path)
{
	struct stat st;

	if (!lstat(path, &st) && (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode)))
		unlink(path);
}

/* Makes the directory and names all paths. 0, or -errno with a line printed. */
static int work_open(struct work *w)
{
	const char *slash = strrchr(w->out, '/'), *tmp = getenv("TMPDIR");
	struct stat st;
	char *dir;
	int err;

	if (!stat(w->out, &st) && S_ISDIR(st.st_mode)) {
		warnx("%s: a directory; name a file", w->out);
		return -EISDIR;
	}
	w->keep = stat(w->out, &st) || S_ISREG(st.st_mode);
	strlist_addf(&w->paths, "%s.debug", w->out);
	if (!w->keep)
		strlist_addf(&w->paths, "%s/.imgbuild-XXXXXX",
			     tmp && *tmp ? tmp : "/tmp");
	else
		strlist_addf(&w->paths, "%.*s.imgbuild-XXXXXX",
			     slash ? (int)(slash + 1 - w->out) : 0, w->out);
	if (w->paths.failed)
		goto no_memory;
	dir = w->paths.v[1];
	for (size_t i = 0; i < WORK_FILE_COUNT; i++)
		strlist_addf(&w->paths, "%s/%s", dir, work_names[i]);
	if (w->paths.failed)
		goto no_memory;
	if (!mkdtemp(dir)) {
		err = -errno;
		warn("%s: cannot make a directory beside it", w->out);
		return err;
	}
	for (size_t i = 0; i < WORK_FILE_COUNT; i++)
		memcpy(w->paths.v[2 + i], dir, strlen(dir));
	return 0;

no_memory:
	warnx("out of memory");
	return -ENOMEM;
}

static void work_close(struct work *w)
{
	for (size_t i = 0; i < WORK_FILE_COUNT; i++)
		unlink(work_path(w, (enum work_file)i));
	rmdir(work_dir(w));
}

int image_link(const struct toolchain *tc, const struct cc_args *args,
	       const char *out)
{
	struct work w = {.tc = tc, .args = args, .out = out};
	int status = 1;

	process_signals_block(&w.signals);
	if (work_open(&w) == 0) {
		status = build(&w);
		work_close(&w);
		if (status && w.keep) {
			remove_output(out);
			remove_output(out_debug(&w));
		}
	}
	strlist_finish(&w.paths);
	process_signals_unblock(&w.signals);
	return status;
}
