/* SPDX-License-Identifier: ISC */
#include "device_console.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "boot_info.h"
#include "hypercall.h"
#include "interrupt.h"
#include "log.h"

uint32_t console_boot_flags(void)
{
	return (isatty(STDIN_FILENO) ? BP_BOOT_STDIN_TTY : 0) |
	       (isatty(STDOUT_FILENO) ? BP_BOOT_STDOUT_TTY : 0) |
	       (isatty(STDERR_FILENO) ? BP_BOOT_STDERR_TTY : 0);
}

int64_t console_write(unsigned stream, const void *data, size_t bytes)
{
	int fd = stream == BP_STREAM_OUT ? STDOUT_FILENO : STDERR_FILENO;
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	const char *at = data;
	size_t left = bytes;

	while (left) {
		/* seccomp: write on 1 and 2 */
		ssize_t n = write(fd, at, left);

		if (interrupt_pending())
			return -EINTR;
		if (n >= 0) {
			at += n;
			left -= (size_t)n;
			continue;
		}
		/* Another process may have made the stream non-blocking. */
		/* seccomp: poll */
		if (errno == EAGAIN && poll(&p, 1, -1) >= 0)
			continue;
		if (errno != EINTR)
			return -errno;
	}
	if (bytes)
		log_console(fd, ((const char *)data)[bytes - 1] != '\n');
	return (int64_t)bytes;
}

int64_t console_read(void *data, size_t bytes)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
	ssize_t n;

	if (poll(&p, 1, 0) <= 0)
		return -EAGAIN;
	/* seccomp: read on 0 */
	n = read(STDIN_FILENO, data, bytes);
	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	return n;
}
