/* SPDX-License-Identifier: ISC */
/* Namespaces and Landlock: what of the host a process can reach at all. */
#ifndef SANDBOX_VIEW_H
#define SANDBOX_VIEW_H

#include <stdbool.h>

/*
 * Moves into namespaces of its own, with an empty root directory; gives up the
 * ids of root in between, where they are. 0; -errno when the host does not
 * allow it, with *@what the part.
 */
int sandbox_namespaces(bool network, const char **what);

/*
 * Landlock: opens no file, connects to no port, and signals none but its own
 * (where @has_children, it signals these). 0 or -errno.
 */
int sandbox_landlock(bool has_children);

#endif
