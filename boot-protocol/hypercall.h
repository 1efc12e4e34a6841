/* SPDX-License-Identifier: ISC */
/*
 * Hypercalls, x86-64: `out %eax, %dx` with DX = BP_PORT_BASE + number.
 *
 * Arguments lie in RDI, RSI, RCX, R8, R9 (the C calling convention with RDX,
 * which holds the port, left out). On return RAX holds the result: zero or
 * more on success, -(enum bp_status) when the call was refused. All other
 * registers, the flags and the SSE/x87/AVX state are kept.
 *
 * A call that breaks the contract (unknown number or device, an address the
 * guest itself could not read or write, a list that is too long) ends the
 * guest with a report. See SPEC.md, "Hypercalls".
 */
#ifndef BP_HYPERCALL_H
#define BP_HYPERCALL_H

#include <stddef.h>
#include <stdint.h>

#define BP_PORT_BASE  0x500
#define BP_PORT_COUNT 32

enum bp_hypercall {
	BP_CALL_EXIT = 0,
	BP_CALL_CONSOLE_WRITE = 1,
	BP_CALL_CONSOLE_READ = 2,
	BP_CALL_CLOCK_WALL = 3,
	BP_CALL_RANDOM = 4,
	BP_CALL_WAIT = 5,
	BP_CALL_BLOCK_IO = 6,
	BP_CALL_SET_TLS = 7,
	BP_CALL_MAP = 8,     /* since 1.2 */
	BP_CALL_UPCALL = 9,  /* since 1.2 */
	BP_CALL_TICK = 10,   /* since 1.2 */
	BP_CALL_NET_IO = 11, /* since 1.2 */
	BP_CALL_COUNT
};

enum bp_status {
	BP_OK = 0,
	BP_AGAIN = 1,	    /* nothing there now; wait, then call again */
	BP_INVALID = 2,	    /* not aligned to the device's block size */
	BP_RANGE = 3,	    /* reaches past the end of the device */
	BP_READ_ONLY = 4,   /* write to a read-only device */
	BP_IO = 5,	    /* the host could not carry it out */
	BP_NO_SPACE = 6,    /* the host's file system or quota is full */
	BP_UNSUPPORTED = 7, /* this device cannot do that */
	BP_CLOSED = 8,	    /* nobody is at the other end any more */
	BP_STATUS_COUNT
};

/* Console streams (console_write). */
#define BP_STREAM_OUT 1
#define BP_STREAM_ERR 2

/* wait: bit i is device i; the console's input is this bit. */
#define BP_WAIT_CONSOLE (1ULL << 62)
#define BP_WAIT_FOREVER UINT64_MAX

/* block_io */
enum bp_block_op {
	BP_BLOCK_READ = 0,
	BP_BLOCK_WRITE = 1,
	BP_BLOCK_FLUSH = 2,
	BP_BLOCK_DISCARD = 3,
	BP_BLOCK_OP_COUNT
};

/* map: what the guest may do with pages; and their contents are dropped. */
#define BP_MAP_READ    1ULL
#define BP_MAP_WRITE   2ULL
#define BP_MAP_EXEC    4ULL
#define BP_MAP_RELEASE (1ULL << 8)

#define BP_MAX_SEGMENTS 64

/* One piece of guest memory in a vectored call. */
struct bp_segment {
	uint64_t gpa;
	uint64_t bytes;
};

/* net_io */
#define BP_MAX_FRAMES	     64	 /* in a list */
#define BP_MAX_FRAME_ENTRIES 128 /* in a list */
#define BP_FRAME_MIN_BYTES   14	 /* an Ethernet header */
#define BP_FRAME_MAX_BYTES   65550
#define BP_FRAME_MORE	     (1u << 0) /* goes on in the next entry */

/* One piece of a frame to send, or of a buffer for one. */
struct bp_frame {
	uint64_t gpa;
	uint32_t bytes;
	uint32_t flags; /* BP_FRAME_MORE */
};

/* Goes into R9 of net_io, above the number of entries: at most 48 bits. */
#define BP_NET_ENTRIES_BITS 16
#define BP_NET_WAIT_FOREVER ((1ULL << 48) - 1) /* microseconds */

/* net_io's result, when it is not a status: how many went, how many came. */
#define BP_NET_SENT(result)	((unsigned)(result)&0xffff)
#define BP_NET_RECEIVED(result) ((unsigned)((uint64_t)(result) >> 16))

_Static_assert(BP_CALL_COUNT <= BP_PORT_COUNT, "every call has a port");
_Static_assert(sizeof(struct bp_segment) == 16, "ABI");
_Static_assert(offsetof(struct bp_segment, gpa) == 0, "ABI");
_Static_assert(offsetof(struct bp_segment, bytes) == 8, "ABI");
_Static_assert(sizeof(struct bp_frame) == 16, "ABI");
_Static_assert(offsetof(struct bp_frame, gpa) == 0, "ABI");
_Static_assert(offsetof(struct bp_frame, bytes) == 8, "ABI");
_Static_assert(offsetof(struct bp_frame, flags) == 12, "ABI");

#endif
