/* SPDX-License-Identifier: ISC */
#include "log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "interrupt.h"
#include "text.h"

#define PATIENCE_MS 1000
#define LINE_BYTES  (PATH_MAX + 1024) /* a reason behind the longest path */
#define NS_PER_S    1e9

/* How messages look is the same for the whole process. */
static struct {
	enum log_level shown;
	enum log_format format;
	int fd;
	bool line_open; /* the guest has not ended its line there */
	bool one_file;	/* of standard output and error */
	bool coloured;
	struct timespec start;
} out = {.shown = LOG_INFO, .fd = STDERR_FILENO};

void log_set_level(enum log_level level)
{
	out.shown = level;
}

void log_set_format(enum log_format format)
{
	out.format = format;
}

enum log_format log_format(void)
{
	return out.format;
}

void log_set_file(int fd)
{
	out.fd = fd;
}

int log_fd(void)
{
	return out.fd;
}

double log_seconds(void)
{
	struct timespec now;

	/* seccomp: clock_gettime */
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - out.start.tv_sec) +
	       (double)(now.tv_nsec - out.start.tv_nsec) / NS_PER_S;
}

void log_begin(void)
{
	const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
	struct stat x, y;

	clock_gettime(CLOCK_MONOTONIC, &out.start);
	out.one_file = !fstat(STDOUT_FILENO, &x) && !fstat(STDERR_FILENO, &y) &&
		       x.st_dev == y.st_dev && x.st_ino == y.st_ino;
	out.coloured = !(none && *none) && terminal &&
		       strcmp(terminal, "dumb") != 0 && isatty(STDERR_FILENO);
}

void log_console(int fd, bool open)
{
	if (out.fd == STDERR_FILENO && (fd == out.fd || out.one_file))
		out.line_open = open;
}

static void write_all(const char *text, size_t bytes)
{
	struct pollfd p = {.fd = out.fd, .events = POLLOUT};

	while (bytes) {
		ssize_t n = write(out.fd, text, bytes);

		if (n > 0) {
			text += n;
			bytes -= (size_t)n;
		} else if (errno == EAGAIN) {
			/* Non-blocking, and full: wait, but not for ever. */
			if (poll(&p, 1, PATIENCE_MS) <= 0)
				return;
		} else if (errno != EINTR || interrupt_pending()) {
			return; /* nowhere left to say it */
		}
	}
}

void log_write(const char *text, size_t bytes)
{
	if (out.line_open)
		write_all("\n", 1);
	out.line_open = false;
	write_all(text, bytes);
}

static void put_text(struct text *t, enum log_level level, const char *message)
{
	bool to_file = out.fd != STDERR_FILENO;
	bool red = level == LOG_ERROR && out.coloured && !to_file;

	if (to_file)
		text_put(t, "[%11.6f] ", log_seconds());
	text_put(t, "%stender: %s", red ? "\033[1;31m" : "",
		 red ? "\033[0m" : "");
	for (; *message; message++)
		text_put(t, "%c",
			 *message < ' ' || *message > '~' ? '?' : *message);
}

static void put_json(struct text *t, enum log_level level, const char *message)
{
	static const char *const names[] = {
		[LOG_ERROR] = "error",
		[LOG_INFO] = "info",
		[LOG_DEBUG] = "debug",
	};

	text_put(t,
		 "{\"time\":%.6f,\"level\":\"%s\",\"message\":", log_seconds(),
		 names[level]);
	text_put_json(t, message);
	text_put(t, "}");
}

void log_print(enum log_level level, const char *fmt, ...)
{
	char message[LINE_BYTES], line[LINE_BYTES + 128];
	struct text t;
	va_list args;

	if (level > out.shown)
		return;
	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	text_init(&t, line, sizeof(line) - 1);
	if (out.format == LOG_JSON)
		put_json(&t, level, message);
	else
		put_text(&t, level, message);
	line[t.length++] = '\n';
	log_write(line, t.length);
}
