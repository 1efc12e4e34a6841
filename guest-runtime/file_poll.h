/* SPDX-License-Identifier: ISC */
/* Waiting for several files at once. */
#ifndef RT_FILE_POLL_H
#define RT_FILE_POLL_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

struct rt_file;
struct rt_waitq;
struct timespec;

/* As rt_file_ops.poll, of any kind of file; *queue is NULL where it has none.
 */
unsigned __rt_file_poll(struct rt_file *file, struct rt_waitq **queue);

/*
 * For a call that may find something ready again and again, and so never
 * blocks: has devices and timers served every now and then.
 */
void __rt_serve_devices(void);

/* poll(2); @always is what it tells without being asked. */
long __rt_poll(struct pollfd *fds, size_t count, unsigned always,
	       uint64_t deadline_ns);

/* When @timeout, from now on, is over (NULL: RT_NEVER). 0 or -EINVAL. */
long __rt_deadline(const struct timespec *timeout, uint64_t *deadline_ns);
/* Writes what is left of it (NULL: nowhere), as Linux does. */
void __rt_time_left(struct timespec *timeout, uint64_t deadline_ns);
/* The same as __rt_deadline, in milliseconds; negative: never. */
uint64_t __rt_deadline_ms(int timeout_ms);

/* What pselect6 takes as its last argument. */
struct rt_sized_mask {
	const uint64_t *signals;
	size_t bytes;
};

/*
 * For calls that take a mask of signals while they wait: sets it (NULL: does
 * nothing), and puts back what was before. -EINTR: one of the signals that
 * came by that was handled; then end() is still to be called.
 */
long __rt_sigmask_begin(const uint64_t *mask, size_t bytes, uint64_t *before);
void __rt_sigmask_end(const uint64_t *mask, const uint64_t *before);

#endif
