/* SPDX-License-Identifier: ISC */
/*
 * The console's input, and waiting for it. Apart, as most programs never ask:
 * see file_console.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "file.h"
#include "file_console.h"
#include "hypercall_x86_64.h"
#include "runtime.h"
#include "wait.h"

long __rt_console_readv(struct rt_file *file, const struct iovec *iov,
			int count, uint64_t offset)
{
	int64_t n;

	(void)offset;
	while (count && !iov->iov_len) {
		iov++;
		count--;
	}
	if (!count)
		return 0;
	for (;;) {
		n = hypercall_console_read(iov->iov_base, iov->iov_len);
		__rt_console_ready = 0;
		if (n != -BP_AGAIN)
			return n < 0 ? -__rt_errno_of(-n) : n;
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		n = __rt_wait_on(&__rt_console_waitq, RT_NEVER);
		if (n)
			return n;
	}
}

/* Output waits in the tender, and so can always be written. */
unsigned __rt_console_poll(struct rt_file *file, struct rt_waitq **queue)
{
	const unsigned out = POLLOUT | POLLWRNORM;

	if (!__rt_reads(file))
		return out;
	if (queue)
		*queue = &__rt_console_waitq;
	else if (!__rt_console_ready)
		__rt_console_ready = hypercall_wait(0, BP_WAIT_CONSOLE) != 0;
	return __rt_console_ready ? out | POLLIN | POLLRDNORM : out;
}
