/* SPDX-License-Identifier: ISC */
/* Pipes that have a name in a file system: fifo(7). */
#ifndef RT_FIFO_H
#define RT_FIFO_H

struct rt_file;
struct rt_vnode;

/*
 * What an open of @v gives; takes over the reference if it succeeds. Blocks
 * until the other end is open too. 0 or -errno.
 */
long __rt_fifo_open(struct rt_vnode *v, int flags, struct rt_file **to);

#endif
