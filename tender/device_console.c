/* SPDX-License-Identifier: ISC */
#include "device_console.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "boot_info.h"
#include "hypercall.h"
#include "interrupt.h"

uint32_t console_boot_flags(void)
{
	return (isatty(STDIN_FILENO) ? BP_BOOT_STDIN_TTY : 0) |
	       (isatty(STDOUT_FILENO) ? BP_BOOT_STDOUT_TTY : 0) |
	       (isatty(STDERR_FILENO) ? BP_BOOT_STDERR_TTY : 0);
}

/* A descriptor shared with other processes may have been made non-blocking. */
static bool wait_writable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	/* seccomp: poll */
	return poll(&p, 1, -1) >= 0 || errno == EINTR;
}

int64_t console_write(unsigned stream, const void *data, size_t bytes)
{
	int fd = stream == BP_STREAM_OUT ? STDOUT_FILENO : STDERR_FILENO;
	const char *at = data;
	size_t left = bytes;

	while (left) {
		/* seccomp: write on 1 and 2 */
		ssize_t n = write(fd, at, left);

		if (n >= 0) {
			at += n;
			left -= (size_t)n;
		} else if (errno == EINTR && interrupt_pending()) {
			return -EINTR;
		} else if (errno == EAGAIN) {
			if (!wait_writable(fd) || interrupt_pending())
				return -EINTR;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return (int64_t)bytes;
}

int64_t console_read(void *data, size_t bytes)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
	ssize_t n;

	if (poll(&p, 1, 0) == 0)
		return -EAGAIN;
	/* seccomp: read on 0 */
	n = read(STDIN_FILENO, data, bytes);
	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	return n;
}
