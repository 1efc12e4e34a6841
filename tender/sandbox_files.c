/* SPDX-License-Identifier: ISC */
#include "sandbox_files.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox_rules.h"

static bool is_kept(const struct sandbox_operands *o, uint64_t fd)
{
	for (unsigned s = 0; s < OPERAND_FDS; s++)
		for (unsigned i = 0; i < o->set[s].count; i++)
			if (o->set[s].value[i] == fd)
				return true;
	return false;
}

/* The lowest descriptor from @fd on that is kept, or UINT_MAX. */
static uint64_t next_kept(const struct sandbox_operands *o, uint64_t fd)
{
	uint64_t next = UINT_MAX;

	for (unsigned s = 0; s < OPERAND_FDS; s++)
		for (unsigned i = 0; i < o->set[s].count; i++)
			if (o->set[s].value[i] >= fd &&
			    o->set[s].value[i] < next)
				next = o->set[s].value[i];
	return next;
}

/* Where there is no close_range(). */
static int close_each(const struct sandbox_operands *o)
{
	DIR *open_now = opendir("/proc/self/fd");
	const struct dirent *entry;

	if (!open_now)
		return -ENOSYS;
	/* A listing of /proc goes by numbers, not by places: it stays valid. */
	while ((entry = readdir(open_now))) {
		long fd = strtol(entry->d_name, NULL, 10);

		if (*entry->d_name != '.' && fd != dirfd(open_now) &&
		    !is_kept(o, (uint64_t)fd))
			close((int)fd);
	}
	closedir(open_now);
	return 0;
}

int sandbox_close_files(const struct sandbox_operands *o)
{
	uint64_t from = 0, kept;

	do {
		kept = next_kept(o, from);
		if (kept > from &&
		    syscall(SYS_close_range, from,
			    kept == UINT_MAX ? kept : kept - 1, 0) < 0)
			return close_each(o);
		from = kept + 1;
	} while (kept != UINT_MAX);
	return 0;
}
