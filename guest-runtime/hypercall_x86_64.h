/* SPDX-License-Identifier: ISC */
/* Hypercalls as C functions; see boot-protocol/hypercall.h and SPEC.md. */
#ifndef RT_HYPERCALL_X86_64_H
#define RT_HYPERCALL_X86_64_H

#include <stdint.h>

#include "hypercall.h"

/* The "memory" clobber: the tender reads and writes the guest's buffers. */
static inline int64_t hypercall5(unsigned number, uint64_t a, uint64_t b,
				 uint64_t c, uint64_t d, uint64_t e)
{
	register uint64_t r8 __asm__("r8") = d;
	register uint64_t r9 __asm__("r9") = e;
	int64_t result = 0;

	__asm__ volatile("outl %%eax, %%dx"
			 : "+a"(result)
			 : "d"(BP_PORT_BASE + number), "D"(a), "S"(b), "c"(c),
			   "r"(r8), "r"(r9)
			 : "memory");
	return result;
}

static inline int64_t hypercall3(unsigned number, uint64_t a, uint64_t b,
				 uint64_t c)
{
	int64_t result = 0;

	__asm__ volatile("outl %%eax, %%dx"
			 : "+a"(result)
			 : "d"(BP_PORT_BASE + number), "D"(a), "S"(b), "c"(c)
			 : "memory");
	return result;
}

static inline _Noreturn void hypercall_exit(int status)
{
	for (;;)
		hypercall3(BP_CALL_EXIT, (uint64_t)status, 0, 0);
}

/* Bytes written, or -bp_status. */
static inline int64_t hypercall_console_write(unsigned stream, const void *data,
					      uint64_t bytes)
{
	return hypercall3(BP_CALL_CONSOLE_WRITE, stream, (uintptr_t)data,
			  bytes);
}

/* Bytes read, 0 at the end of input, -BP_AGAIN, -BP_IO. Never blocks. */
static inline int64_t hypercall_console_read(void *data, uint64_t bytes)
{
	return hypercall3(BP_CALL_CONSOLE_READ, (uintptr_t)data, bytes, 0);
}

/* Nanoseconds since 1970-01-01 UTC. */
static inline int64_t hypercall_clock_wall(void)
{
	return hypercall3(BP_CALL_CLOCK_WALL, 0, 0, 0);
}

static inline int64_t hypercall_random(void *data, uint64_t bytes)
{
	return hypercall3(BP_CALL_RANDOM, (uintptr_t)data, bytes, 0);
}

/* The ready part of @set; may come early with an empty one. */
static inline uint64_t hypercall_wait(uint64_t timeout_ns, uint64_t set)
{
	return (uint64_t)hypercall3(BP_CALL_WAIT, timeout_ns, set, 0);
}

/* BP_BLOCK_READ and BP_BLOCK_WRITE. 0 or -bp_status. */
static inline int64_t hypercall_block_io(unsigned device, enum bp_block_op op,
					 uint64_t offset,
					 const struct bp_segment *list,
					 uint64_t count)
{
	return hypercall5(BP_CALL_BLOCK_IO, device, op, offset, (uintptr_t)list,
			  count);
}

static inline int64_t hypercall_block_flush(unsigned device)
{
	return hypercall5(BP_CALL_BLOCK_IO, device, BP_BLOCK_FLUSH, 0, 0, 0);
}

static inline int64_t hypercall_block_discard(unsigned device, uint64_t offset,
					      uint64_t bytes)
{
	return hypercall5(BP_CALL_BLOCK_IO, device, BP_BLOCK_DISCARD, offset,
			  bytes, 0);
}

/* @bits: BP_MAP_*. 0 or -bp_status. */
static inline int64_t hypercall_map(uintptr_t start, uint64_t bytes,
				    uint64_t bits)
{
	return hypercall3(BP_CALL_MAP, start, bytes, bits);
}

/*
 * Sends frames and receives others, without waiting: how many went and came
 * (BP_NET_SENT, BP_NET_RECEIVED), or -bp_status. A device that can only send
 * or receive less is named by hypercall_wait() when it can go on.
 */
static inline int64_t hypercall_net_io(unsigned device,
				       const struct bp_frame *send,
				       uint64_t send_entries,
				       struct bp_frame *receive,
				       uint64_t receive_entries)
{
	return hypercall5(BP_CALL_NET_IO, device, (uintptr_t)send, send_entries,
			  (uintptr_t)receive, receive_entries);
}

/* Where handlers begin, on which stack; @kinds: a bit for each of them. */
static inline int64_t hypercall_upcall(uintptr_t entry, uintptr_t frame,
				       uintptr_t stack, uint64_t kinds)
{
	return hypercall5(BP_CALL_UPCALL, entry, frame, stack, kinds, 0);
}

/* 0: none. 0 or -BP_UNSUPPORTED. */
static inline int64_t hypercall_tick(uint64_t period_ns)
{
	return hypercall3(BP_CALL_TICK, period_ns, 0, 0);
}

static inline int64_t hypercall_set_tls(uintptr_t address)
{
	return hypercall3(BP_CALL_SET_TLS, address, 0, 0);
}

#endif
