/* SPDX-License-Identifier: ISC */
/* Network devices of the tender as interfaces of lwIP. */
#ifndef RT_NET_DEVICE_H
#define RT_NET_DEVICE_H

#include <lwip/netif.h>
#include <stdint.h>

struct bp_net;

/* Makes interfaces of all of them: a mask as in the hypercall wait. */
uint64_t net_devices_start(void);

/* Those whose other end is still there. */
uint64_t net_devices_alive(void);

/* Whether there is something to send. */
int net_devices_pending(void);

/*
 * Sends what there is on those of @devices that have something, and receives
 * on them; with @always, receives on the others too. Whether anything moved.
 */
int net_devices_exchange(uint64_t devices, int always);

/* Likewise of the only device there is; waits until something comes. */
void net_device_wait(uint64_t timeout_ns);

/* Hands to lwIP what was received. */
void net_devices_input(void);

/* What the tender says about an interface; NULL for loopback. */
const struct bp_net *net_device_info(const struct netif *netif);

#endif
