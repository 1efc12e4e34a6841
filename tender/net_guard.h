/* SPDX-License-Identifier: ISC */
/* Keeps a guest away from what listens on the host's loopback. */
#ifndef NET_GUARD_H
#define NET_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As much of a frame as decides: Ethernet, IPv6 and TCP headers. */
#define NET_GUARD_BYTES 74

/*
 * What passt makes of the gateway's addresses is the host's loopback. Programs
 * there may call the guest, in its name, and be answered; the guest may not
 * call them.
 */
struct net_guard {
	uint8_t gateway4[4];
	uint8_t gateway6[16];
	bool gateway_open;	  /* the guest may, after all */
	uint8_t heard[65536 / 8]; /* UDP ports from which something came */
};

/*
 * Whether a frame that begins with the @bytes at @head, all of it or
 * NET_GUARD_BYTES, must not leave: an IP packet to a loopback or unspecified
 * address, in either protocol or IPv4's within IPv6's, or one by which the
 * guest calls the gateway.
 */
bool net_guard_forbids(const struct net_guard *guard, const uint8_t *head,
		       size_t bytes);

/* Takes notice of a frame that comes to the guest. */
void net_guard_hear(struct net_guard *guard, const uint8_t *head, size_t bytes);

#endif
