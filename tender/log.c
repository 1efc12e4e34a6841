/* SPDX-License-Identifier: ISC */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum log_level shown = LOG_INFO;

void log_set_level(enum log_level level)
{
	shown = level;
}

void log_print(enum log_level level, const char *fmt, ...)
{
	static const char prefix[] = "tender: ";
	char line[1024];
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
	if (write(STDERR_FILENO, line, at) < 0)
		return; /* nowhere left to say it */
}
