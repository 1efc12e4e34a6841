/* SPDX-License-Identifier: ISC */
/*
 * The network: lwIP, its interfaces and its clock. It comes up with the first
 * socket of the Internet's families.
 *
 * THEORY OF OPERATION
 * lwIP runs inside system calls and inside waits, never by itself. A call that
 * makes it send ends with net_kick(): what goes to this guest itself is
 * delivered at once. Frames for a device stay in its queue until the guest
 * waits, so that a whole batch goes and comes in one exit; net_kick() sends
 * them itself when the guest has not done so for a while, as a tick does when
 * the guest computes instead, and net_look() receives for one that never
 * waits.
 */
#ifndef RT_NET_H
#define RT_NET_H

#include <stdint.h>

#include "wait.h"

/* Names that net_*.c export get the prefix __rt_ when they are built. */

/* Brings it up, once. 0 or -ENOMEM. */
int net_start(void);

/* To be called after anything that may have made lwIP send. */
void net_kick(void);

/* Sends what is queued now, whatever it costs. */
void net_flush(void);

/* To be called before saying that there is nothing (yet). */
void net_look(void);

/* Wakes @queue for these POLL* bits; all of net_*.c wakes by it. */
void net_wake(struct rt_waitq *queue, unsigned events);

/*
 * Closes all connections, and returns when peers have what was sent to them:
 * the runtime ends with the program, and nobody would send it again.
 */
void net_finish(void);

/* The errno that stands for lwIP's err_t; 0 for ERR_OK. */
int net_errno(int err);

#endif
