/* SPDX-License-Identifier: ISC */
/* Messages of the tender: one line each, on standard error. */
#ifndef LOG_H
#define LOG_H

#include <stddef.h>

enum log_level {
	LOG_ERROR, /* what ends the run; always printed */
	LOG_INFO,  /* default */
	LOG_DEBUG, /* -v */
};

/* Sets what is printed from now on: this level and the graver ones. */
void log_set_level(enum log_level level);

/*
 * Prints "tender: " and the message with one write(2), so that lines of the
 * tender and of the guest never mix. No newline in @fmt. Bytes that are not
 * printable ASCII (a file name may hold any) come out as '?'.
 */
void log_print(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Writes all of @text to standard error, as long as somebody takes it. */
void log_write(const char *text, size_t bytes);

#define log_error(...) log_print(LOG_ERROR, __VA_ARGS__)
#define log_info(...)  log_print(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_print(LOG_DEBUG, __VA_ARGS__)

#endif
