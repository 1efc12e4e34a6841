/* SPDX-License-Identifier: ISC */
/* A hook for tests: makes a system call inside the sandbox. */
#ifndef SANDBOX_PROBE_H
#define SANDBOX_PROBE_H

struct machine;

/* Only a tender built for tests has it: tests/tools/sandbox_probe.c. */
#ifdef HVT_TEST
void sandbox_probe(const struct machine *m);
#else
static inline void sandbox_probe(const struct machine *m)
{
	(void)m;
}
#endif

#endif
