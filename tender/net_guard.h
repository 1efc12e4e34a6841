/* SPDX-License-Identifier: ISC */
/* Keeps a guest away from what listens on the host's loopback. */
#ifndef NET_GUARD_H
#define NET_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As much of a frame as decides: Ethernet and IPv6 headers. */
#define NET_GUARD_BYTES 54

/*
 * Whether a frame that begins with the @bytes at @head, all of it or
 * NET_GUARD_BYTES, is an IP packet to the host itself: to a loopback or
 * unspecified address, in either protocol, or IPv4's within IPv6's.
 */
bool net_guard_forbids(const uint8_t *head, size_t bytes);

#endif
