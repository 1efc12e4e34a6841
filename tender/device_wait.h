/* SPDX-License-Identifier: ISC */
/* Waiting for devices. */
#ifndef DEVICE_WAIT_H
#define DEVICE_WAIT_H

#include <stdint.h>

struct machine;

/*
 * Waits until something in @set (as in hypercall wait) is ready, for at most
 * @timeout_ns or, with BP_WAIT_FOREVER, for ever; perhaps for less. The part
 * of @set that is ready.
 */
uint64_t device_wait(struct machine *m, uint64_t set, uint64_t timeout_ns);

#endif
