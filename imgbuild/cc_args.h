/* SPDX-License-Identifier: ISC */
/* What a compiler driver's command line asks for. */
#ifndef CC_ARGS_H
#define CC_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "boot_info.h"
#include "manifest.h"
#include "strlist.h"

enum cc_mode {
	CC_QUERY,   /* the compiler is asked about itself: --version, -### */
	CC_COMPILE, /* anything short of linking: -c, -S, -E, -M, -r */
	CC_LINK,
};

struct cc_args {
	enum cc_mode mode;
	struct strlist forward; /* for the compiler, in the user's order */
	struct strlist inputs;	/* files and libraries, as written */
	char *output;		/* argument of -o, or NULL */
	char *refused;		/* an option no image can be linked with */
	bool has_source;	/* something is to be compiled */
	bool makes_object;	/* -c, or linking: -g makes sense */
	bool has_language;	/* -x */
	bool has_opt_level;	/* -O... */
	bool no_start;		/* -nostartfiles, -nostdlib */
	bool no_libs;		/* -nodefaultlibs, -nolibc, -nostdlib */
	bool no_includes;	/* -nostdinc */
	char *rootfs;		/* directory to link in, or NULL */
	bool rootfs_keep_owners;
	char *sign; /* file of the key to sign with, or NULL */
	bool no_ext4;
	unsigned device_count;
	struct bp_note_device device[BP_MAX_DEVICES];
};

/*
 * Understands @argv[1] to @argv[@argc - 1], response files included. 0, or
 * -errno with a line printed. The caller ends with cc_args_finish() either
 * way.
 */
int cc_args_parse(struct cc_args *args, int argc, char *argv[]);

void cc_args_finish(struct cc_args *args);

#endif
