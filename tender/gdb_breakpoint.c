/* SPDX-License-Identifier: ISC */
#include "gdb_breakpoint.h"

#include <errno.h>
#include <string.h>

#include "guest_memory.h"

/* Its place in the table, or count. */
static unsigned find(const struct gdb_breakpoints *b, uint64_t gpa)
{
	unsigned i = 0;

	while (i < b->count && b->at[i].gpa != gpa)
		i++;
	return i;
}

bool gdb_breakpoint_is_at(const struct gdb_breakpoints *b, uint64_t gpa)
{
	return find(b, gpa) < b->count;
}

int gdb_breakpoint_insert(struct gdb_breakpoints *b,
			  const struct guest_mem *mem, uint64_t gpa)
{
	void *code = guest_mem_debug(mem, gpa, GDB_BREAKPOINT_BYTES);

	if (!code)
		return -EFAULT;
	if (gdb_breakpoint_is_at(b, gpa))
		return 0;
	if (b->count == GDB_MAX_BREAKPOINTS)
		return -ENOSPC;
	b->at[b->count].gpa = gpa;
	memcpy(b->at[b->count].original, code, GDB_BREAKPOINT_BYTES);
	b->count++;
	memcpy(code, gdb_breakpoint, GDB_BREAKPOINT_BYTES);
	return 0;
}

void gdb_breakpoint_remove(struct gdb_breakpoints *b,
			   const struct guest_mem *mem, uint64_t gpa)
{
	unsigned i = find(b, gpa);
	void *code = guest_mem_debug(mem, gpa, GDB_BREAKPOINT_BYTES);

	if (i == b->count || !code)
		return;
	/* Unless the guest has written something else since. */
	if (!memcmp(code, gdb_breakpoint, GDB_BREAKPOINT_BYTES))
		memcpy(code, b->at[i].original, GDB_BREAKPOINT_BYTES);
	b->at[i] = b->at[--b->count];
}

void gdb_breakpoint_remove_all(struct gdb_breakpoints *b,
			       const struct guest_mem *mem)
{
	while (b->count)
		gdb_breakpoint_remove(b, mem, b->at[0].gpa);
}

int gdb_memory_read(const struct gdb_breakpoints *b,
		    const struct guest_mem *mem, uint64_t gpa, void *out,
		    size_t bytes)
{
	const void *from = guest_mem_debug(mem, gpa, bytes);
	uint8_t *to = out;

	if (!from)
		return -EFAULT;
	memcpy(out, from, bytes);
	for (unsigned i = 0; i < b->count; i++)
		for (unsigned j = 0; j < GDB_BREAKPOINT_BYTES; j++)
			if (b->at[i].gpa + j - gpa < bytes)
				to[b->at[i].gpa + j - gpa] =
					b->at[i].original[j];
	return 0;
}

int gdb_memory_write(struct gdb_breakpoints *b, const struct guest_mem *mem,
		     uint64_t gpa, const void *in, size_t bytes)
{
	uint8_t *to = guest_mem_debug(mem, gpa, bytes);
	const uint8_t *from = in;

	if (!to)
		return -EFAULT;
	memcpy(to, in, bytes);
	for (unsigned i = 0; i < b->count; i++)
		for (unsigned j = 0; j < GDB_BREAKPOINT_BYTES; j++) {
			uint64_t at = b->at[i].gpa + j - gpa;

			if (at >= bytes)
				continue;
			b->at[i].original[j] = from[at];
			to[at] = gdb_breakpoint[j];
		}
	return 0;
}
