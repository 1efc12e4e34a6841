/* SPDX-License-Identifier: ISC */
/* Ports of the host. */
#ifndef HOST_PORT_H
#define HOST_PORT_H

struct publish_option;

/*
 * Whether all ports of @p can be listened on, by trying each. Prints what is
 * wrong with the first that cannot, after "net @name: "; returns -errno.
 */
int host_port_check(const struct publish_option *p, const char *name);

#endif
