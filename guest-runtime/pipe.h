/* SPDX-License-Identifier: ISC */
/* Pipes, with a name or without: pipe(7). */
#ifndef RT_PIPE_H
#define RT_PIPE_H

#include <stddef.h>

#include "wait.h"

struct rt_file;
struct rt_file_ops;
struct rt_vnode;

struct rt_pipe {
	char *data; /* a ring of @allocated bytes, which grows up to @capacity
		     */
	size_t allocated, capacity;
	size_t first, used;
	/* Open files that read, that write, or are about to; and ever. */
	unsigned readers, writers;
	unsigned reader_opens, writer_opens;
	struct rt_waitq changed;
	struct rt_vnode *vnode; /* whose ->node it is; NULL: has no name */
};

/* An empty one that nobody has open. NULL: no memory. */
struct rt_pipe *__rt_pipe_new(void);

/*
 * One user more, one less, with these open flags. The last one frees it, and
 * then it is no longer its vnode's.
 */
void __rt_pipe_join(struct rt_pipe *pipe, int flags);
void __rt_pipe_leave(struct rt_pipe *pipe, int flags);

/* For files whose ->own is a pipe; ->device is what writer_opens was. */
extern const struct rt_file_ops __rt_fifo_ops;

/* What a write gets that nobody will ever read: SIGPIPE, and -EPIPE. */
long __rt_broken_pipe(void);

#endif
