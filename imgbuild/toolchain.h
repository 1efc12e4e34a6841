/* SPDX-License-Identifier: ISC */
/* Which compiler runs, and where the guest's headers and libraries are. */
#ifndef TOOLCHAIN_H
#define TOOLCHAIN_H

#include <limits.h>
#include <stdbool.h>

struct toolchain {
	char sysroot[PATH_MAX];	   /* holds include/ and lib/ */
	char cc[PATH_MAX];	   /* compiler's name or path */
	char cc_include[PATH_MAX]; /* its stddef.h, immintrin.h, ... */
	char libgcc[PATH_MAX];	   /* its libgcc.a */
	bool is_clang;
};

/*
 * Finds the sysroot ($HVT_SYSROOT, or beside this program) and the compiler
 * ($HVT_CC, or the first of gcc, cc and clang that runs) and asks it for its
 * paths. 0, or -errno with a line printed.
 */
int toolchain_find(struct toolchain *tc);

/*
 * Becomes the compiler, with @argv from its second entry on; @argv[0] is
 * replaced. Returns only on failure: -errno with a line printed.
 */
int toolchain_exec(char *argv[]);

#endif
