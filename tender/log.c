/* SPDX-License-Identifier: ISC */
#include "log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"

#define PATIENCE_MS 1000

static enum log_level shown = LOG_INFO;

void log_set_level(enum log_level level)
{
	shown = level;
}

void log_write(const char *text, size_t bytes)
{
	struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};

	while (bytes) {
		ssize_t n = write(STDERR_FILENO, text, bytes);

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

void log_print(enum log_level level, const char *fmt, ...)
{
	static const char prefix[] = "tender: ";
	char line[PATH_MAX + 512]; /* a reason behind the longest path */
	size_t at = sizeof(prefix) - 1;
	va_list args;

	if (level > shown)
		return;
	memcpy(line, prefix, sizeof(prefix));
	va_start(args, fmt);
	vsnprintf(line + at, sizeof(line) - at - 1, fmt, args);
	va_end(args);
	for (; line[at]; at++)
		if (line[at] < ' ' || line[at] > '~')
			line[at] = '?';
	line[at++] = '\n';
	log_write(line, at);
}
