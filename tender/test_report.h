/* SPDX-License-Identifier: ISC */
/* What `tender test` says: TAP (testanything.org, version 13), and JUnit. */
#ifndef TEST_REPORT_H
#define TEST_REPORT_H

#include <stdio.h>

#include "test_run.h"

/* The line of run @index, and, if it failed, why and where to look. */
void test_report_tap(FILE *out, const struct test_run *r,
		     const struct test_plan *plan, unsigned index);

/* All of them, as the XML that CI systems read. 0 or -errno. */
int test_report_junit(const char *path, const struct test_run *runs,
		      unsigned count, const struct test_plan *plan);

#endif
