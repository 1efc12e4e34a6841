/* SPDX-License-Identifier: ISC */
/* Network devices: they carry Ethernet frames, through one of the backends. */
#ifndef DEVICE_NET_H
#define DEVICE_NET_H

#include <stdbool.h>

#include "net_backend.h"

/*
 * Attaches a network. Prints what is wrong and returns -errno.
 * net_dev_close() undoes it, after what was sent has left or 0.1 s.
 */
int net_dev_open(struct net_dev *dev, const struct net_request *request);
void net_dev_close(struct net_dev *dev);

/*
 * Sends frames of @out, then receives into those of @in, whose lengths are
 * set; how many of each is in *@sent and *@received. Never waits. -EPIPE: the
 * device has ended, now or before, and prints why the first time.
 */
int net_dev_exchange(struct net_dev *dev, const struct net_frame *out,
		     unsigned out_count, unsigned *sent, struct net_frame *in,
		     unsigned in_count, unsigned *received);

/* Whether an exchange could move something that the last one could not. */
bool net_dev_ready(const struct net_dev *dev);

/*
 * What poll() is to look for when it is not ready: for the guest's sake when
 * @wanted, and else only to write what is owed. 0: nothing.
 */
short net_dev_events(const struct net_dev *dev, bool wanted);

/* poll() saw @events: whether the device is ready now. */
bool net_dev_awake(struct net_dev *dev, short events);

#endif
