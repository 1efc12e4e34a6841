/* SPDX-License-Identifier: ISC */
/* What lwIP asks of its surroundings; see also net_checksum.h, net_random.h. */
#ifndef LWIP_ARCH_CC_H
#define LWIP_ARCH_CC_H

#include <stdint.h>

/* musl has these, and a program its own idea of them. */
#define LWIP_DONT_PROVIDE_BYTEORDER_FUNCTIONS
#ifndef BYTE_ORDER
#define BYTE_ORDER 1234
#endif

/* A trap tells more than a text that nobody would read, and is smaller. */
#define LWIP_PLATFORM_DIAG(x)	   ((void)0)
#define LWIP_PLATFORM_ASSERT(text) __builtin_trap()

#define lwip_htons(x) __builtin_bswap16(x)
#define lwip_htonl(x) __builtin_bswap32(x)

uint32_t net_random(void);
#define LWIP_RAND() net_random()

uint16_t net_checksum(const void *data, int bytes);
uint16_t net_checksum_copy(void *to, const void *from, uint16_t bytes);
#define LWIP_CHKSUM			  net_checksum
#define LWIP_CHKSUM_COPY(to, from, bytes) net_checksum_copy(to, from, bytes)

#endif
