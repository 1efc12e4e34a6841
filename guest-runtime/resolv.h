/* SPDX-License-Identifier: ISC */
/*
 * /etc/resolv.conf and /etc/hosts, without which nobody finds even localhost,
 * where the root directory has none.
 */
#ifndef RT_RESOLV_H
#define RT_RESOLV_H

#include <stddef.h>

struct rt_mount;

/* rt_mount.attach of either. */
long __rt_resolv_attach(struct rt_mount *mount);

/*
 * The network's part, not there in an image without sockets: the text, at most
 * @room bytes, and its length. Waits for an address that is being asked for.
 */
extern size_t __rt_net_resolv(char *to, size_t room) __attribute__((weak));

#endif
