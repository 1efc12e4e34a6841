/* SPDX-License-Identifier: ISC */
/*
 * The object __rt_debug_threads of an image: where a debugger finds its
 * threads. It is for those who look from outside, by the symbols in
 * IMAGE.debug; a tender needs none of it to run a guest.
 */
#ifndef BP_DEBUG_THREADS_H
#define BP_DEBUG_THREADS_H

#include <stdint.h>

#define BP_DEBUG_THREADS_SYMBOL	 "__rt_debug_threads"
#define BP_DEBUG_THREADS_VERSION 1

/*
 * A thread is a structure with these fields at these offsets. One that does
 * not run and was interrupted has the registers of struct bp_upcall_frame,
 * from rip on, at *saved. Any other that does not run has at stack_pointer: 4
 * bytes MXCSR, 4 bytes x87 control word, R15, R14, R13, R12, RBX, RBP, RIP.
 */
struct bp_debug_threads {
	uint32_t version;
	uint32_t id;		/* int */
	uint32_t interrupted;	/* int: not 0 */
	uint32_t saved;		/* address */
	uint32_t stack_pointer; /* address */
	uint32_t tls;		/* FS base */
	uint32_t next;		/* address of the next thread; 0: none */
	uint32_t name;		/* 16 bytes with a NUL; empty: none */
	uint64_t first;		/* where the address of the first one is */
	uint64_t current;	/* where the address of the running one is */
};

_Static_assert(sizeof(struct bp_debug_threads) == 48, "format");

#endif
