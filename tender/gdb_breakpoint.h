/* SPDX-License-Identifier: ISC */
/*
 * Software breakpoints: an instruction in guest memory that traps, in the
 * place of another one. A debugger never sees them in memory.
 */
#ifndef GDB_BREAKPOINT_H
#define GDB_BREAKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gdb_arch.h"

struct guest_mem;

#define GDB_MAX_BREAKPOINTS 512

struct gdb_breakpoints {
	unsigned count;
	struct {
		uint64_t gpa;
		uint8_t original[GDB_BREAKPOINT_BYTES];
	} at[GDB_MAX_BREAKPOINTS];
};

/* 0, -EFAULT where there is no memory, or -ENOSPC. Twice is once. */
int gdb_breakpoint_insert(struct gdb_breakpoints *b,
			  const struct guest_mem *mem, uint64_t gpa);
void gdb_breakpoint_remove(struct gdb_breakpoints *b,
			   const struct guest_mem *mem, uint64_t gpa);
void gdb_breakpoint_remove_all(struct gdb_breakpoints *b,
			       const struct guest_mem *mem);
bool gdb_breakpoint_is_at(const struct gdb_breakpoints *b, uint64_t gpa);

/* Guest memory as if no breakpoint were there. 0 or -EFAULT. */
int gdb_memory_read(const struct gdb_breakpoints *b,
		    const struct guest_mem *mem, uint64_t gpa, void *out,
		    size_t bytes);
int gdb_memory_write(struct gdb_breakpoints *b, const struct guest_mem *mem,
		     uint64_t gpa, const void *in, size_t bytes);

#endif
