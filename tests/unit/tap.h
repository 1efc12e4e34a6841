/* SPDX-License-Identifier: ISC */
/*
 * Test Anything Protocol for unit tests. A promise is kept when no EXPECT()
 * since the last promise failed:
 *
 *	EXPECT(f(0) == 1, "f(0) is %d", f(0));
 *	promise("f maps zero to one");
 *	return promises_end();
 */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define TAP_MAX_SHOWN 10 /* failures of one promise that are printed */

static unsigned tap_count, tap_failed, tap_broken;
static FILE *tap_file; /* where it goes, if not to standard output */

#define TAP_OUT (tap_file ? tap_file : stdout)

__attribute__((format(printf, 3, 4))) static inline void
tap_expect(bool good, int line, const char *fmt, ...)
{
	va_list args;

	if (good || tap_broken++ >= TAP_MAX_SHOWN)
		return;
	fprintf(TAP_OUT, "# line %d: ", line);
	va_start(args, fmt);
	vfprintf(TAP_OUT, fmt, args);
	va_end(args);
	fputc('\n', TAP_OUT);
}

/* The arguments are evaluated only when @good is false. */
#define EXPECT(good, ...)                                         \
	do {                                                      \
		if (!(good))                                      \
			tap_expect(false, __LINE__, __VA_ARGS__); \
	} while (0)

static inline void promise(const char *text)
{
	if (tap_broken > TAP_MAX_SHOWN)
		fprintf(TAP_OUT, "# %u failures in all\n", tap_broken);
	fprintf(TAP_OUT, "%sok %u - %s\n", tap_broken ? "not " : "",
		++tap_count, text);
	fflush(TAP_OUT); /* what comes next may crash */
	tap_failed += tap_broken > 0;
	tap_broken = 0;
}

/* Prints the plan; the exit status of the test. */
static inline int promises_end(void)
{
	fprintf(TAP_OUT, "1..%u\n", tap_count);
	fflush(TAP_OUT);
	return tap_failed > 0;
}

/* Steele, Lea and Flood's SplitMix64: small, and the same everywhere. */
static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
