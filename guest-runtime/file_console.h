/* SPDX-License-Identifier: ISC */
#ifndef RT_FILE_CONSOLE_H
#define RT_FILE_CONSOLE_H

#include <stdint.h>

struct iovec;
struct rt_file;
struct rt_waitq;

/* A new open file: the console, for reading and writing. */
struct rt_file *__rt_console_file(void);

/*
 * As rt_file_ops.readv and .poll. file_console.c names them weakly, so that
 * they, and all that waits, are only in images that link who calls them.
 */
long __rt_console_readv(struct rt_file *file, const struct iovec *iov,
			int count, uint64_t offset);
unsigned __rt_console_poll(struct rt_file *file, struct rt_waitq **queue);

/* To be said where they are called through the table. */
#define RT_LINK_WITH(function)                                               \
	static __attribute__((used)) __typeof__(function) *const link_with = \
		function

#endif
