/* SPDX-License-Identifier: ISC */
/*
 * Upcalls, since 1.2: the tender interrupts the guest's code and lets it go on
 * at an address the guest registered. See SPEC.md, "Upcalls".
 */
#ifndef BP_UPCALL_H
#define BP_UPCALL_H

#include <stddef.h>
#include <stdint.h>

/* Bit n of the mask given to the hypercall `upcall` is kind n. */
enum bp_upcall_kind {
	BP_UPCALL_TICK = 1,
	BP_UPCALL_TRAP = 2,
	BP_UPCALL_SIGNAL = 3,
	BP_UPCALL_KIND_COUNT
};

/* What code of a BP_UPCALL_TRAP says beside the signal. */
enum bp_trap_code {
	BP_TRAP_OTHER = 0,	/* nothing more */
	BP_TRAP_NOT_MAPPED = 1, /* page fault: no memory there */
	BP_TRAP_NO_ACCESS = 2,	/* page fault: memory, but not for that */
	BP_TRAP_NO_DATA = 3,	/* since 1.3: a mapped disk cannot be read */
};

/* A shorter period counts as this one. */
#define BP_TICK_LEAST_NS 1000000ULL

/*
 * In guest memory, written by the tender before it enters the handler. While
 * busy is not 0, the tender makes no upcall; the guest clears it.
 */
struct bp_upcall_frame {
	uint32_t busy;	  /* 1 */
	uint32_t kind;	  /* enum bp_upcall_kind */
	uint32_t signal;  /* TRAP, SIGNAL: number, as on Linux; else 0 */
	uint32_t code;	  /* TRAP: enum bp_trap_code; else 0 */
	uint64_t address; /* TRAP, page fault: what was accessed; or 0 */
	uint64_t error;	  /* TRAP: the CPU's error code, 0 if not known */
	uint64_t vector;  /* TRAP: of the exception; else 0 */

	/* The registers of the interrupted code. */
	uint64_t rip, rsp, rflags;
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
};

_Static_assert(sizeof(struct bp_upcall_frame) == 184, "ABI");
_Static_assert(offsetof(struct bp_upcall_frame, kind) == 4, "ABI");
_Static_assert(offsetof(struct bp_upcall_frame, signal) == 8, "ABI");
_Static_assert(offsetof(struct bp_upcall_frame, code) == 12, "ABI");
_Static_assert(offsetof(struct bp_upcall_frame, address) == 16, "ABI");
_Static_assert(offsetof(struct bp_upcall_frame, error) == 24, "ABI");
_Static_assert(offsetof(struct bp_upcall_frame, vector) == 32, "ABI");
_Static_assert(offsetof(struct bp_upcall_frame, rip) == 40, "ABI");
_Static_assert(offsetof(struct bp_upcall_frame, rsp) == 48, "ABI");
_Static_assert(offsetof(struct bp_upcall_frame, rflags) == 56, "ABI");
_Static_assert(offsetof(struct bp_upcall_frame, rax) == 64, "ABI");
_Static_assert(offsetof(struct bp_upcall_frame, rbx) == 72, "ABI");
_Static_assert(offsetof(struct bp_upcall_frame, rcx) == 80, "ABI");
_Static_assert(offsetof(struct bp_upcall_frame, rdx) == 88, "ABI");
_Static_assert(offsetof(struct bp_upcall_frame, rsi) == 96, "ABI");
_Static_assert(offsetof(struct bp_upcall_frame, rdi) == 104, "ABI");
_Static_assert(offsetof(struct bp_upcall_frame, rbp) == 112, "ABI");
_Static_assert(offsetof(struct bp_upcall_frame, r8) == 120, "ABI");
_Static_assert(offsetof(struct bp_upcall_frame, r15) == 176, "ABI");

#endif
