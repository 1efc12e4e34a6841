/* SPDX-License-Identifier: ISC */
/* signalfd(2). As on Linux it takes the signals of whoever reads it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>

#include "file.h"
#include "host_signal.h"
#include "rt_syscall.h"
#include "signals.h"
#include "vnode.h"

struct signal_set {
	uint64_t mask;
};

static struct signalfd_siginfo describe(int signal, const siginfo_t *info)
{
	struct signalfd_siginfo to = {
		.ssi_signo = (uint32_t)signal,
		.ssi_errno = info->si_errno,
		.ssi_code = info->si_code,
		.ssi_pid = (uint32_t)info->si_pid,
		.ssi_uid = info->si_uid,
	};

	switch (info->si_code) {
	case SI_TIMER:
		to.ssi_tid = (uint32_t)info->si_timerid;
		to.ssi_overrun = (uint32_t)info->si_overrun;
		break;
	case SI_QUEUE:
		to.ssi_int = info->si_value.sival_int;
		to.ssi_ptr = (uintptr_t)info->si_value.sival_ptr;
		break;
	default:
		break;
	}
	return to;
}

static long signal_readv(struct rt_file *file, const struct iovec *iov,
			 int count, uint64_t offset)
{
	const struct signal_set *set = file->own;
	struct signalfd_siginfo told;
	siginfo_t info;
	long done = 0, err = 0;
	int signal;

	(void)offset;
	if (!count || iov->iov_len < sizeof(told))
		return -EINVAL;
	while (iov->iov_len - (size_t)done >= sizeof(told)) {
		signal = __rt_signal_take(set->mask, &info);
		if (signal) {
			told = describe(signal, &info);
			memcpy((char *)iov->iov_base + done, &told,
			       sizeof(told));
			done += (long)sizeof(told);
			continue;
		}
		if (done || err || (file->flags & O_NONBLOCK))
			break;
		err = __rt_wait_on(&__rt_signal_waitq, RT_NEVER);
	}
	if (done)
		return done;
	return err ? err : -EAGAIN;
}

static unsigned signal_poll(struct rt_file *file, struct rt_waitq **queue)
{
	const struct signal_set *set = file->own;

	if (queue)
		*queue = &__rt_signal_waitq;
	return __rt_signal_pending() & set->mask ? POLLIN : 0;
}

static void signal_release(struct rt_file *file)
{
	__rt_free(file->own);
}

static const struct rt_file_ops signal_ops = {
	.readv = signal_readv,
	.poll = signal_poll,
	.release = signal_release,
	.mode = 0600,
};

/* A new one, with no signals yet. */
static long new_set(int flags)
{
	struct signal_set *set = __rt_calloc(1, sizeof(*set));
	struct rt_file *f;

	if (!set)
		return -ENOMEM;
	f = __rt_file_new(&signal_ops);
	if (f) {
		f->own = set;
		f->flags = O_RDWR | (flags & SFD_NONBLOCK);
	} else {
		__rt_free(set);
	}
	return __rt_file_install(f, flags);
}

long __rt_sys_signalfd4(int fd, const uint64_t *mask, size_t bytes, int flags)
{
	struct rt_file *f;
	struct signal_set *set;

	if (flags & ~(SFD_CLOEXEC | SFD_NONBLOCK) || bytes != sizeof(*mask))
		return -EINVAL;
	if (fd == -1) {
		fd = (int)new_set(flags);
		if (fd < 0)
			return fd;
	}
	f = __rt_file(fd);
	if (!f)
		return -EBADF;
	if (f->ops != &signal_ops)
		return -EINVAL;
	set = f->own;
	set->mask = *mask & ~RT_NEVER_BLOCKED;
	if (set->mask & (__rt_signal_bit(SIGTERM) | __rt_signal_bit(SIGINT)))
		__rt_host_signals_on();
	__rt_waitq_wake(&__rt_signal_waitq, RT_WAKE_ALL);
	return fd;
}

long __rt_sys_signalfd(int fd, const uint64_t *mask, size_t bytes)
{
	return __rt_sys_signalfd4(fd, mask, bytes, 0);
}
