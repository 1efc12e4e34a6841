/* SPDX-License-Identifier: ISC */
/* ioctl(2) on sockets. */
#ifndef RT_NET_IOCTL_H
#define RT_NET_IOCTL_H

#include <stddef.h>

/*
 * FIONREAD and SIOCOUTQ tell @readable and @unsent; and what asks about
 * interfaces. 0 or -errno, -ENOTTY for any other.
 */
long net_ioctl(unsigned request, void *arg, size_t readable, size_t unsent);

#endif
