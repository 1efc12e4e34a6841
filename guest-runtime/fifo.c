/* SPDX-License-Identifier: ISC */
#include "fifo.h"

#include <errno.h>
#include <fcntl.h>

#include "file.h"
#include "pipe.h"
#include "vnode.h"

/* The pipe of @v, made by whoever opens it first. */
static struct rt_pipe *pipe_of(struct rt_vnode *v)
{
	struct rt_pipe *p = v->node;

	if (!p) {
		p = __rt_pipe_new();
		if (!p)
			return NULL;
		p->vnode = v;
		v->node = p;
	}
	return p;
}

/* Until @opens, which counts the other end's, is more than it is now. */
static long wait_for_other(struct rt_pipe *p, const unsigned *opens)
{
	unsigned now = *opens;
	long err = 0;

	while (!err && *opens == now)
		err = __rt_wait_on(&p->changed, RT_NEVER);
	return err;
}

long __rt_fifo_open(struct rt_vnode *v, int flags, struct rt_file **to)
{
	int access = flags & O_ACCMODE;
	struct rt_pipe *p = pipe_of(v);
	unsigned device;
	long err = 0;

	if (!p)
		return -ENOMEM;
	device = p->writers ? p->writer_opens - 1 : p->writer_opens;
	__rt_pipe_join(p, flags);
	if (access == O_WRONLY && !p->readers) {
		if (flags & O_NONBLOCK)
			err = -ENXIO;
		else
			err = wait_for_other(p, &p->reader_opens);
	} else if (access == O_RDONLY && !p->writers && !(flags & O_NONBLOCK)) {
		err = wait_for_other(p, &p->writer_opens);
		device = p->writer_opens - 1;
	}
	*to = err ? NULL : __rt_file_new(&__rt_fifo_ops);
	if (!err && !*to)
		err = -ENFILE;
	if (err) {
		__rt_pipe_leave(p, flags);
		return err;
	}
	(*to)->own = p;
	(*to)->vnode = v;
	(*to)->device = device;
	return 0;
}
