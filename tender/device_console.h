/* SPDX-License-Identifier: ISC */
/* The console: the tender's own standard input, output and error. */
#ifndef DEVICE_CONSOLE_H
#define DEVICE_CONSOLE_H

#include <stddef.h>
#include <stdint.h>

/* BP_BOOT_*_TTY for those of the three streams that are terminals. */
uint32_t console_boot_flags(void);

/*
 * Writes all @bytes to @stream (BP_STREAM_*). @bytes; -EINTR when the time
 * limit cut it short; -EPIPE when nobody reads; another -errno.
 */
int64_t console_write(unsigned stream, const void *data, size_t bytes);

/*
 * Reads what is there now, at most @bytes: 0 at the end of input, -EAGAIN
 * when nothing is there yet, another -errno.
 */
int64_t console_read(void *data, size_t bytes);

#endif
