/* SPDX-License-Identifier: ISC */
/*
 * The trace of a guest's own system calls, since 1.3: the guest puts a record
 * of each into memory, and the tender takes them out whenever the guest exits,
 * so that none costs an exit of its own. See SPEC.md, "Trace".
 */
#ifndef BP_SYSCALL_TRACE_H
#define BP_SYSCALL_TRACE_H

#include <stddef.h>
#include <stdint.h>

#define BP_TRACE_ARGS	    6
#define BP_TRACE_STRING_MAX 256 /* bytes that a record has of a string */
#define BP_TRACE_DATA_MAX   32	/* and of other data */

/*
 * What to record with a call of the function at this address: sets of its
 * arguments, bit 0 for the first one. The bytes of data are counted by the
 * argument behind it, those of output by the result. A vector is an array of
 * struct iovec, counted by the argument behind it.
 */
struct bp_trace_call {
	uint64_t function; /* 0: this entry is free */
	uint8_t strings;   /* that end with a NUL */
	uint8_t input;	   /* data that the call reads */
	uint8_t output;	   /* data that it writes */
	uint8_t vector;	   /* of input and output: these are vectors */
	uint8_t reserved[4];
};

/*
 * At bp_boot_info.trace_offset. The entry of a function is the first one of it
 * from BP_TRACE_HASH on, round and round, and none when a free one comes first.
 */
struct bp_trace {
	uint64_t buffer_gpa;
	uint32_t buffer_bytes;
	uint32_t calls; /* entries, a power of two; at least one is free */
	struct bp_trace_call call[];
};

/* The product is of 32 bits. */
#define BP_TRACE_HASH(function, calls) \
	(((uint32_t)(function)*0x9e3779b1U >> 16) & ((calls)-1))

/* At buffer_gpa. Records follow. */
struct bp_trace_buffer {
	uint32_t used; /* bytes of records; the tender sets it to 0 */
	uint32_t reserved;
};

enum bp_trace_kind {
	BP_TRACE_CALL = 1,
	BP_TRACE_RESULT = 2,
};

/*
 * A record, followed by arg[BP_TRACE_ARGS] of a call, and then by data: of a
 * call strings and input, of a result output; in the order of the arguments,
 * each as 2 bytes length and the bytes themselves.
 */
struct bp_trace_record {
	uint16_t bytes; /* of all of it, a multiple of 8 */
	uint16_t kind;
	uint32_t thread;
	uint64_t counter; /* of the CPU, as rdtsc tells it */
	uint64_t value;	  /* of a call: the function; of a result: that */
};

/* In place of a length: the address is 0. */
#define BP_TRACE_NOTHING 0xffff

/* No record is longer. */
#define BP_TRACE_RECORD_MAX                                     \
	(sizeof(struct bp_trace_record) + BP_TRACE_ARGS * 8UL + \
	 BP_TRACE_ARGS * (2UL + BP_TRACE_STRING_MAX) + 4)

_Static_assert(sizeof(struct bp_trace_call) == 16, "ABI");
_Static_assert(offsetof(struct bp_trace_call, strings) == 8, "ABI");
_Static_assert(offsetof(struct bp_trace_call, vector) == 11, "ABI");
_Static_assert(sizeof(struct bp_trace) == 16, "ABI");
_Static_assert(sizeof(struct bp_trace_buffer) == 8, "ABI");
_Static_assert(sizeof(struct bp_trace_record) == 24, "ABI");
_Static_assert(offsetof(struct bp_trace_record, counter) == 8, "ABI");
_Static_assert(BP_TRACE_RECORD_MAX % 8 == 0, "ABI");

#endif
