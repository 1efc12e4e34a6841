/* SPDX-License-Identifier: ISC */
/*
 * The system calls that hypercalls of a machine of hypercall_model.h lead to,
 * carried out in memory: an execution enters no kernel, and so many more fit
 * into a second. These take the place of the C library's functions.
 */
#ifndef HOST_IN_MEMORY_H
#define HOST_IN_MEMORY_H

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "hypercall_model.h"

/* What a descriptor is a disk of, or DISKS. */
static unsigned disk_of(int fd)
{
	unsigned i = 0;

	while (i < DISKS && m.block[i].fd != fd)
		i++;
	return i;
}

/* As the file would: what lies past its end is not there. */
static ssize_t move(int fd, const struct iovec *iov, int count, off_t offset,
		    bool write)
{
	unsigned disk = disk_of(fd);
	size_t at = (size_t)offset, bytes = 0;

	if (disk == DISKS || offset < 0 || count < 0 || count > UIO_MAXIOV ||
	    (write && disks[disk].read_only))
		abort();
	for (int i = 0; i < count; i++) {
		if (iov[i].iov_len > disks[disk].bytes - at)
			abort();
		if (write)
			memcpy(disk_map[disk] + at, iov[i].iov_base,
			       iov[i].iov_len);
		else
			memcpy(iov[i].iov_base, disk_map[disk] + at,
			       iov[i].iov_len);
		at += iov[i].iov_len;
		bytes += iov[i].iov_len;
	}
	return (ssize_t)bytes;
}

ssize_t preadv(int fd, const struct iovec *iov, int count, off_t offset)
{
	return move(fd, iov, count, offset, false);
}

ssize_t pwritev(int fd, const struct iovec *iov, int count, off_t offset)
{
	return move(fd, iov, count, offset, true);
}

int fallocate(int fd, int mode, off_t offset, off_t bytes)
{
	unsigned disk = disk_of(fd);

	if (disk == DISKS || disks[disk].read_only ||
	    mode != (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE))
		abort();
	if (offset < 0 || bytes <= 0 ||
	    (size_t)bytes > disks[disk].bytes - (size_t)offset)
		abort();
	memset(disk_map[disk] + offset, 0, (size_t)bytes);
	return 0;
}

int fdatasync(int fd)
{
	if (disk_of(fd) == DISKS)
		abort();
	return 0;
}

/* How the fuzzer itself reads and writes its files. */
static struct iovec all_of(const void *bytes, size_t count)
{
	return (struct iovec){(void *)(uintptr_t)bytes, count};
}

/* The console: output is read, so that it must be there; input is zeros. */
ssize_t write(int fd, const void *bytes, size_t count)
{
	const volatile uint8_t *at = bytes;
	struct iovec all = all_of(bytes, count);

	if (fd != STDOUT_FILENO && fd != STDERR_FILENO)
		return writev(fd, &all, 1);
	for (size_t i = 0; i < count; i += 64)
		(void)at[i];
	if (count)
		(void)at[count - 1];
	return (ssize_t)count;
}

ssize_t read(int fd, void *bytes, size_t count)
{
	struct iovec all = all_of(bytes, count);

	if (fd != STDIN_FILENO)
		return readv(fd, &all, 1);
	memset(bytes, 0, count);
	return (ssize_t)count;
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	(void)timeout;
	for (nfds_t i = 0; i < count; i++)
		fds[i].revents = fds[i].events;
	return (int)count;
}

/* A wait for nothing is over at once. */
int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
	  const sigset_t *mask)
{
	(void)timeout, (void)mask;
	return poll(fds, count, 0);
}

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	(void)how, (void)set, (void)old;
	return 0;
}

ssize_t getrandom(void *bytes, size_t count, unsigned flags)
{
	(void)flags;
	memset(bytes, 0x5a, count);
	return (ssize_t)count;
}

int madvise(void *start, size_t bytes, int advice)
{
	if (advice == MADV_DONTNEED)
		memset(start, 0, bytes);
	return 0;
}

/* Ticks are set, and never come. */
long syscall(long number, ...)
{
	va_list args;

	if (number != SYS_timer_create && number != SYS_timer_settime)
		abort();
	if (number == SYS_timer_create) {
		va_start(args, number);
		(void)va_arg(args, int);
		(void)va_arg(args, void *);
		*va_arg(args, int *) = 1;
		va_end(args);
	}
	return 0;
}

#endif
