/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <string.h>

#include "hypercall_x86_64.h"
#include "runtime.h"

static size_t append(char *line, size_t at, size_t limit, const char *s)
{
	while (*s && at < limit)
		line[at++] = *s++;
	return at;
}

void __rt_complain(const char *first, ...)
{
	char line[256];
	size_t at = append(line, 0, sizeof(line) - 1, "hvt: ");
	va_list args;

	va_start(args, first);
	for (const char *s = first; s; s = va_arg(args, const char *))
		at = append(line, at, sizeof(line) - 1, s);
	va_end(args);
	line[at++] = '\n';
	hypercall_console_write(BP_STREAM_ERR, line, at);
}
