/* SPDX-License-Identifier: ISC */
/*
 * Goes in front of guest-runtime/net*.c when they are built for this machine:
 * the calls of the tender become functions of the test.
 */
#ifndef LWIP_HOST_H
#define LWIP_HOST_H

#include <stdint.h>

#include "hypercall.h"

/* In place of the real one. */
#define RT_HYPERCALL_X86_64_H

int64_t host_net_io(unsigned device, const struct bp_frame *send,
		    uint64_t send_entries, struct bp_frame *receive,
		    uint64_t receive_entries);
uint64_t host_wait(uint64_t timeout_ns, uint64_t set);

#define hypercall_net_io host_net_io
#define hypercall_wait	 host_wait

#endif
