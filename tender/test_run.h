/* SPDX-License-Identifier: ISC */
/* One image of `tender test`: a tender of its own, and what it left. */
#ifndef TEST_RUN_H
#define TEST_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct test_plan {
	const char *directory; /* for what failed images leave */
	const char *timeout;   /* as for --timeout */
	int expected;	       /* exit status */
	int option_count;      /* for each tender */
	char **option;
};

struct test_run {
	const char *image;
	char *path; /* owned: the directory of this image */
	pid_t pid;  /* 0: not started, or ended */
	bool done;
	int status; /* as a shell has it; -1: could not be started */
	uint64_t started_ns;
	uint64_t ns;
};

/* Starts run @index of @plan. 0 or -errno. */
int test_run_start(struct test_run *r, const struct test_plan *plan,
		   unsigned index);

/* It has ended with this status of wait(2). What it left is kept or removed. */
void test_run_end(struct test_run *r, const struct test_plan *plan,
		  int wait_status);

bool test_run_passed(const struct test_run *r, const struct test_plan *plan);

/* A file that it left: "out", "err", "core" or "trace.json". */
void test_run_file(const struct test_run *r, const char *name, char *path,
		   unsigned bytes);

#endif
