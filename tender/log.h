/* SPDX-License-Identifier: ISC */
/* Messages of the tender: one line each, on standard error. */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level {
	LOG_ERROR, /* what ends the run; always printed */
	LOG_INFO,  /* default */
	LOG_DEBUG, /* -v */
};

enum log_format {
	LOG_TEXT,
	LOG_JSON, /* an object in each line */
};

/* First of all: looks where messages go, and begins to count time. */
void log_begin(void);

/* Sets what is printed from now on: this level and the graver ones. */
void log_set_level(enum log_level level);

void log_set_format(enum log_format format);
enum log_format log_format(void);

/*
 * From now on into the file @fd instead, each line with the time since the
 * start in front.
 */
void log_set_file(int fd);
int log_fd(void);

/* Seconds since log_begin(). */
double log_seconds(void);

/*
 * Prints "tender: " and the message with one write(2), so that lines of the
 * tender and of the guest never mix. No newline in @fmt. Bytes that are not
 * printable ASCII (a file name may hold any) come out as '?'.
 */
void log_print(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Writes all of @text, lines, to where messages go, while somebody takes it. */
void log_write(const char *text, size_t bytes);

/* The guest has written to the console, and within a line if @open. */
void log_console(int fd, bool open);

#define log_error(...) log_print(LOG_ERROR, __VA_ARGS__)
#define log_info(...)  log_print(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_print(LOG_DEBUG, __VA_ARGS__)

#endif
