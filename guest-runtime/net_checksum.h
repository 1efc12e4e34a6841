/* SPDX-License-Identifier: ISC */
/* The Internet checksum (RFC 1071); declared for lwIP in arch/cc.h. */
#ifndef RT_NET_CHECKSUM_H
#define RT_NET_CHECKSUM_H

#include <stdint.h>

/* The sum of 16-bit words as they lie in memory, not inverted. */
uint16_t net_checksum(const void *data, int bytes);

/* Copies too. Sums nothing while no interface wants sums of what is sent. */
uint16_t net_checksum_copy(void *to, const void *from, uint16_t bytes);

/* An interface that wants them has come. */
void net_checksum_wanted(void);

#endif
