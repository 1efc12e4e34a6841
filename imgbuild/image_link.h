/* SPDX-License-Identifier: ISC */
/* From a command line to an image and its debug file, or to neither. */
#ifndef IMAGE_LINK_H
#define IMAGE_LINK_H

struct cc_args;
struct strlist;
struct toolchain;

/* Appends what every compilation gets, before the user's own options. */
void image_compile_options(struct strlist *cmd, const struct toolchain *tc,
			   const struct cc_args *args);

/* Appends the guest's header directories, behind the user's own. */
void image_include_options(struct strlist *cmd, const struct toolchain *tc,
			   const struct cc_args *args);

/*
 * Compiles what there is to compile, links it into @out and puts the symbols
 * into @out.debug. Returns the exit status: 0, or that of the compiler, or 1
 * with a line printed; then neither file exists. Does not return if a signal
 * asks the program to end, but cleans up first. An @out that is no regular
 * file, /dev/null above all, is left alone and nothing is kept.
 */
int image_link(const struct toolchain *tc, const struct cc_args *args,
	       const char *out);

#endif
