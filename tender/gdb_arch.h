/* SPDX-License-Identifier: ISC */
/* What GDB is told of the processor; one file for each architecture. */
#ifndef GDB_ARCH_H
#define GDB_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpu_state;
struct gdb_text;

#define GDB_REGISTER_MAX_BYTES 16
#define GDB_BREAKPOINT_BYTES   1
#define GDB_TARGET_MAX	       8192

/* The instruction that traps with VCPU_BREAKPOINT. */
extern const uint8_t gdb_breakpoint[GDB_BREAKPOINT_BYTES];

/* The registers have the numbers 0 to this, in the order of the description. */
extern const unsigned gdb_register_count;

/* Copies register @n as GDB wants it to @out; its size in bytes. */
size_t gdb_register_get(const struct cpu_state *state, unsigned n,
			uint8_t out[GDB_REGISTER_MAX_BYTES]);
size_t gdb_register_bytes(unsigned n);
void gdb_register_set(struct cpu_state *state, unsigned n, const uint8_t *in);

/* The target description, XML, with a NUL. */
void gdb_target(char out[GDB_TARGET_MAX]);

uint64_t gdb_pc(const struct cpu_state *state);
void gdb_set_pc(struct cpu_state *state, uint64_t pc);

/*
 * Before and after a single step: whether the instruction at the program
 * counter, whose first bytes are @code, stores the flag that makes it step;
 * and takes it out of the word that it stored.
 */
bool gdb_step_is_seen(const uint8_t *code, size_t bytes);
uint64_t gdb_step_word(const struct cpu_state *state);
uint64_t gdb_step_hide(uint64_t word);

#endif
