/* SPDX-License-Identifier: ISC */
/* The last segment of a TCP handshake, where passt owes it to the guest. */
#ifndef NET_HANDSHAKE_H
#define NET_HANDSHAKE_H

#include <stddef.h>
#include <stdint.h>

/* Ethernet, IPv6 and TCP headers: as much as is looked at, and as is made. */
#define NET_HANDSHAKE_BYTES 74

/*
 * If the frame that begins with the @bytes at @head is a SYN, ACK of TCP over
 * IPv4 or IPv6, makes the frame that answers it in @answer, which has room for
 * NET_HANDSHAKE_BYTES; its length. 0: it is none.
 *
 * passt, at least that of 2023, takes the connection as established, but sends
 * nothing before the client does. A server that speaks first, as those of SSH
 * and mail do, would never hear of it. A second one does no harm.
 */
size_t net_handshake_answer(const uint8_t *head, size_t bytes, uint8_t *answer);

#endif
