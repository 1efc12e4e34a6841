/* SPDX-License-Identifier: ISC */
/* For targets that print: the fuzzer keeps standard error for itself. */
#ifndef FUZZ_QUIET_H
#define FUZZ_QUIET_H

#include <string.h>

/* To be called from LLVMFuzzerInitialize(); adds an option of libFuzzer's. */
static inline void fuzz_be_quiet(int *argc, char ***argv)
{
	static char mask[] = "-close_fd_mask=3", *more[64];
	int n = *argc < 62 ? *argc : 62;

	memcpy(more, *argv, (size_t)n * sizeof(more[0]));
	more[n++] = mask;
	*argc = n;
	*argv = more;
}

#endif
