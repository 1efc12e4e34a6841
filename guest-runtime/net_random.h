/* SPDX-License-Identifier: ISC */
/* Numbers that a peer cannot guess; declared for lwIP in its own headers. */
#ifndef RT_NET_RANDOM_H
#define RT_NET_RANDOM_H

#include <stdint.h>

uint32_t net_random(void);

/* The first sequence number of a TCP connection; addresses are ip_addr_t. */
uint32_t net_isn(const void *local, uint16_t local_port, const void *remote,
		 uint16_t remote_port);

#endif
