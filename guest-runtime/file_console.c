/* SPDX-License-Identifier: ISC */
/* The console: descriptors 0 to 2, and its output. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "file.h"
#include "file_console.h"
#include "file_vnode.h"
#include "hypercall_x86_64.h"
#include "runtime.h"
#include "vnode.h"

#pragma weak __rt_console_readv
#pragma weak __rt_console_poll

/* Short pieces are gathered, so that one line is one exit. */
#define GATHER_BYTES 2048

void (*__rt_send_sigpipe)(void);

int isatty(int fd);
void __rt_files_init(void);

static long console_put(unsigned stream, const void *data, size_t bytes)
{
	int64_t n = hypercall_console_write(stream, data, bytes);

	if (n == -BP_CLOSED && !__rt_send_sigpipe)
		hypercall_exit(128 + SIGPIPE);
	if (n == -BP_CLOSED)
		__rt_send_sigpipe();
	return n < 0 ? -__rt_errno_of(-n) : n;
}

static long console_writev(struct rt_file *file, const struct iovec *iov,
			   int count, uint64_t offset)
{
	char gathered[GATHER_BYTES];
	size_t held = 0;
	long total = 0, n;

	(void)offset;
	for (int i = 0; i < count; i++) {
		if (iov[i].iov_len <= sizeof(gathered) - held) {
			memcpy(gathered + held, iov[i].iov_base,
			       iov[i].iov_len);
			held += iov[i].iov_len;
			continue;
		}
		if (held) {
			n = console_put(file->device, gathered, held);
			if (n < 0)
				return total ? total : n;
			total += n;
			held = 0;
		}
		n = console_put(file->device, iov[i].iov_base, iov[i].iov_len);
		if (n < 0)
			return total ? total : n;
		total += n;
	}
	if (held) {
		n = console_put(file->device, gathered, held);
		if (n < 0)
			return total ? total : n;
		total += n;
	}
	return total;
}

/*
 * musl buffers a stream by lines when it answers TIOCGWINSZ. The console
 * always does: what a guest printed must not be lost when it traps or its time
 * runs out. Whether it really is a terminal is isatty()'s business.
 */
static long console_ioctl(struct rt_file *file, unsigned request, void *arg)
{
	(void)file;
	if (request != TIOCGWINSZ)
		return -ENOTTY;
	*(struct winsize *)arg = (struct winsize){.ws_row = 24, .ws_col = 80};
	return 0;
}

static const struct rt_file_ops console_ops = {
	.readv = __rt_console_readv,
	.writev = console_writev,
	.ioctl = console_ioctl,
	.poll = __rt_console_poll,
	.mode = S_IFCHR | 0620,
};

/* In place of musl's, which asks TIOCGWINSZ. */
int isatty(int fd)
{
	const struct rt_file *f = __rt_file(fd);

	if (!f)
		errno = EBADF;
	else if (f->ops->writev != console_writev ||
		 !(__rt_boot->flags & BP_BOOT_STDIN_TTY << f->device))
		errno = ENOTTY;
	else
		return 1;
	return 0;
}

_Static_assert(BP_BOOT_STDOUT_TTY == BP_BOOT_STDIN_TTY << BP_STREAM_OUT &&
		       BP_BOOT_STDERR_TTY == BP_BOOT_STDIN_TTY << BP_STREAM_ERR,
	       "the flags follow the streams");

static void node_stat(struct rt_file *file, struct stat *st)
{
	__rt_vnode_stat(file->vnode, st);
}

static void node_release(struct rt_file *file)
{
	__rt_vnode_put(file->vnode);
}

/* Opened by a path; apart, so that who opens none has no vnodes. */
static const struct rt_file_ops node_ops = {
	.readv = __rt_console_readv,
	.writev = console_writev,
	.ioctl = console_ioctl,
	.poll = __rt_console_poll,
	.stat = node_stat,
	.release = node_release,
};

struct rt_file *__rt_console_file(void)
{
	struct rt_file *f = __rt_file_new(&node_ops);

	if (f)
		f->device = BP_STREAM_OUT;
	return f;
}

void __rt_files_init(void)
{
	for (unsigned i = 0; i < RT_FIRST_FD; i++) {
		struct rt_file *f = __rt_file_new(&console_ops);

		f->device = i;
		f->flags = i ? O_WRONLY : O_RDONLY;
		__rt_fd_set((int)i, f, 0);
	}
}
