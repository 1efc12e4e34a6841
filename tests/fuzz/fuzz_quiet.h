/* SPDX-License-Identifier: ISC */
/* For targets that print: the fuzzer keeps standard error for itself. */
#ifndef FUZZ_QUIET_H
#define FUZZ_QUIET_H

#include <string.h>

/* Adds an option of libFuzzer's; to be called from LLVMFuzzerInitialize(). */
static inline void fuzz_add_option(int *argc, char ***argv, char *option)
{
	static char *more[64];
	int n = *argc < 62 ? *argc : 62;

	memmove(more, *argv, (size_t)n * sizeof(more[0]));
	more[n++] = option;
	*argc = n;
	*argv = more;
}

static inline void fuzz_be_quiet(int *argc, char ***argv)
{
	static char mask[] = "-close_fd_mask=3";

	fuzz_add_option(argc, argv, mask);
}

#endif
