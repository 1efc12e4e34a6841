/* SPDX-License-Identifier: ISC */
#include "image_rootfs.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "disk_build.h"
#include "elf_rootfs.h"
#include "process.h"
#include "strlist.h"
#include "toolchain.h"

/* A string of the assembler's; a path may have any byte but NUL in it. */
static void write_string(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++)
		fprintf(f, "\\%03o", (unsigned char)*s);
	fputc('"', f);
}

static int write_source(const char *path, const char *image)
{
	FILE *f = fopen(path, "we");
	bool good;

	if (!f)
		return -errno;
	fprintf(f, "\t.section %s, \"a\", @progbits\n", ROOTFS_SECTION);
	fprintf(f, "\t.balign 4096\n");
	fprintf(f, "\t.globl __rt_rootfs_start, __rt_rootfs_end\n");
	fprintf(f, "__rt_rootfs_start:\n\t.incbin ");
	write_string(f, image);
	fprintf(f, "\n__rt_rootfs_end:\n");
	fprintf(f, "\t.section .note.GNU-stack, \"\", @progbits\n");
	good = !ferror(f);
	return fclose(f) || !good ? -EIO : 0;
}

static int check_size(const char *dir, const char *image)
{
	struct stat st;

	if (stat(image, &st)) {
		warn("%s", image);
		return 1;
	}
	if (st.st_size <= (off_t)IMAGE_ROOTFS_MAX_MIB << 20)
		return 0;
	warnx("--rootfs=%s: takes %lld MiB, more than %d; put it on a disk, "
	      "with imgbuild disk create",
	      dir, (long long)(st.st_size >> 20), IMAGE_ROOTFS_MAX_MIB);
	return 1;
}

/* By itself, as -g would write down where the source lies. */
static int assemble(const struct toolchain *tc, struct process_signals *signals,
		    const char *source, const char *object)
{
	struct strlist cmd = {0};
	int status = -ENOMEM;

	strlist_add(&cmd, tc->cc);
	strlist_add(&cmd, "-c");
	strlist_add(&cmd, "-xassembler");
	strlist_add(&cmd, source);
	strlist_add(&cmd, "-o");
	strlist_add(&cmd, object);
	if (!cmd.failed)
		status = process_run(signals, cmd.v);
	strlist_finish(&cmd);
	if (status && status != -EINTR)
		warnx("cannot assemble the root file system with '%s'", tc->cc);
	return status ? 1 : 0;
}

int image_rootfs_make(const struct toolchain *tc,
		      struct process_signals *signals, const char *dir,
		      bool keep_owners, const char *image, const char *source,
		      const char *object)
{
	struct disk_rootfs_options options = {.keep_owners = keep_owners,
					      .signals = signals};
	int err;

	if (disk_rootfs_build(dir, image, &options) || check_size(dir, image))
		return 1;
	err = write_source(source, image);
	if (err) {
		warnx("cannot write %s: %s", source, strerror(-err));
		return 1;
	}
	return assemble(tc, signals, source, object);
}
