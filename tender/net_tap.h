/* SPDX-License-Identifier: ISC */
/* Tap interfaces of the host. */
#ifndef NET_TAP_H
#define NET_TAP_H

struct net_dev;

/*
 * Makes @dev->fd, an open tap, carry the frames of @dev, and takes the MTU
 * from it unless a smaller one was set. Prints what is wrong and returns
 * -errno; @what names the tap in messages.
 */
int net_tap_attach(struct net_dev *dev, const char *what);

#endif
