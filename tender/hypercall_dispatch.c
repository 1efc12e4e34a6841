/* SPDX-License-Identifier: ISC */
#include "hypercall_dispatch.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "device_console.h"
#include "device_wait.h"
#include "event.h"
#include "hypercall_call.h"
#include "interrupt.h"
#include "limit.h"
#include "machine.h"
#include "upcall.h"

#define NS_PER_S	   1000000000ULL
#define CALL_PRICE_BYTES   512 /* of a disk */
#define RANDOM_PIECE_BYTES (1ULL << 20)
#define ACCESS_BITS	   (GUEST_READ | GUEST_WRITE | GUEST_EXEC)
#define UPCALL_KINDS	   ((1ULL << BP_UPCALL_KIND_COUNT) - 2)

enum call_outcome call_violation(struct call *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(c->result->what, sizeof(c->result->what), fmt, args);
	va_end(args);
	return CALL_VIOLATION;
}

enum call_outcome call_bad_range(struct call *c, const char *what, uint64_t gpa,
				 uint64_t bytes)
{
	return call_violation(c,
			      "%s: 0x%llx bytes at 0x%llx are not memory the "
			      "guest has that access to",
			      what, (unsigned long long)bytes,
			      (unsigned long long)gpa);
}

enum call_outcome call_done(struct call *c, int64_t value)
{
	c->value = value;
	return CALL_DONE;
}

enum call_outcome call_refused(struct call *c, enum bp_status status)
{
	return call_done(c, -(int64_t)status);
}

static enum call_outcome call_exit(struct call *c)
{
	c->result->exit_status = (int)(c->arg[0] & 0xff);
	return CALL_EXIT;
}

static enum bp_status console_status(int err)
{
	switch (err) {
	case EPIPE:
		return BP_CLOSED;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return BP_NO_SPACE;
	default:
		return BP_IO;
	}
}

static int64_t write_limited(struct machine *m, unsigned stream,
			     const char *data, uint64_t bytes)
{
	uint64_t most = token_bucket_piece(&m->console_limit), done = 0;

	while (done < bytes) {
		uint64_t piece = bytes - done < most ? bytes - done : most;
		int64_t n;

		if (!limit_wait(&m->console_limit))
			return -EINTR;
		n = console_write(stream, data + done, piece);
		if (n < 0)
			return n;
		limit_take(&m->console_limit, piece);
		done += piece;
	}
	return (int64_t)done;
}

static enum call_outcome call_console_write(struct call *c)
{
	uint64_t stream = c->arg[0], gpa = c->arg[1], bytes = c->arg[2];
	const void *data = guest_mem_range(&c->m->mem, gpa, bytes, GUEST_READ);
	int64_t n;

	if (stream != BP_STREAM_OUT && stream != BP_STREAM_ERR)
		return call_violation(c, "console_write: unknown stream %llu",
				      (unsigned long long)stream);
	if (!data)
		return call_bad_range(c, "console_write", gpa, bytes);
	n = write_limited(c->m, (unsigned)stream, data, bytes);
	if (n == -EINTR)
		return CALL_STOPPED;
	if (n < 0)
		return call_refused(c, console_status((int)-n));
	c->result->bytes = bytes;
	return call_done(c, n);
}

static enum call_outcome call_console_read(struct call *c)
{
	uint64_t gpa = c->arg[0], bytes = c->arg[1];
	void *data = guest_mem_range(&c->m->mem, gpa, bytes, GUEST_WRITE);
	int64_t n;

	if (!data)
		return call_bad_range(c, "console_read", gpa, bytes);
	if (!limit_wait(&c->m->console_limit))
		return CALL_STOPPED;
	n = console_read(data, bytes);
	if (n > 0)
		limit_take(&c->m->console_limit, (uint64_t)n);
	if (n < 0)
		return call_refused(c, n == -EAGAIN ? BP_AGAIN : BP_IO);
	c->result->bytes = (uint64_t)n;
	return call_done(c, n);
}

static enum call_outcome call_clock_wall(struct call *c)
{
	struct timespec now;

	/* seccomp: clock_gettime, where the vDSO cannot tell */
	clock_gettime(CLOCK_REALTIME, &now);
	return call_done(c, (int64_t)((uint64_t)now.tv_sec * NS_PER_S +
				      (uint64_t)now.tv_nsec));
}

static enum call_outcome call_random(struct call *c)
{
	uint64_t gpa = c->arg[0], bytes = c->arg[1];
	char *data = guest_mem_range(&c->m->mem, gpa, bytes, GUEST_WRITE);

	if (!data)
		return call_bad_range(c, "random", gpa, bytes);
	c->result->bytes = bytes;
	while (bytes) {
		/* seccomp: getrandom */
		ssize_t n = getrandom(
			data,
			bytes < RANDOM_PIECE_BYTES ? bytes : RANDOM_PIECE_BYTES,
			0);

		if (interrupt_pending())
			return CALL_STOPPED;
		if (n < 0 && errno != EINTR)
			return call_refused(c, BP_IO);
		if (n > 0) {
			data += n;
			bytes -= (uint64_t)n;
		}
	}
	return call_done(c, 0);
}

static enum call_outcome call_wait(struct call *c)
{
	uint64_t timeout_ns = c->arg[0], set = c->arg[1], ready;
	uint64_t devices = (1ULL << c->m->device_count) - 1;

	if (set & ~(devices | BP_WAIT_CONSOLE))
		return call_violation(c,
				      "wait: no such device in the set "
				      "0x%llx",
				      (unsigned long long)set);
	ready = device_wait(c->m, set, timeout_ns);
	if (interrupt_pending())
		return CALL_STOPPED;
	return call_done(c, (int64_t)ready);
}

/*
 * Copies the segment list in once and turns the copy into host addresses.
 * Segments may be empty; reading the disk writes guest memory.
 */
static enum call_outcome copy_segments(struct call *c, uint64_t list,
				       uint64_t count, unsigned access,
				       struct iovec *iov, uint64_t *bytes)
{
	struct bp_segment segment[BP_MAX_SEGMENTS];
	const struct guest_mem *mem = &c->m->mem;
	const void *from;

	if (count > BP_MAX_SEGMENTS)
		return call_violation(
			c,
			"block_io: a list of %llu segments, where "
			"%d are allowed",
			(unsigned long long)count, BP_MAX_SEGMENTS);
	from = guest_mem_range(mem, list, count * sizeof(segment[0]),
			       GUEST_READ);
	if (!from)
		return call_bad_range(c, "block_io list", list,
				      count * sizeof(segment[0]));
	memcpy(segment, from, count * sizeof(segment[0]));
	*bytes = 0;
	for (unsigned i = 0; i < count; i++) {
		*bytes += segment[i].bytes;
		iov[i].iov_len = segment[i].bytes;
		iov[i].iov_base = guest_mem_range(mem, segment[i].gpa,
						  segment[i].bytes, access);
		c->result->bytes += segment[i].bytes;
		if (!iov[i].iov_base)
			return call_bad_range(c, "block_io segment",
					      segment[i].gpa, segment[i].bytes);
	}
	return CALL_DONE;
}

static enum call_outcome call_block_io(struct call *c)
{
	uint64_t device = c->arg[0], op = c->arg[1], offset = c->arg[2];
	struct iovec iov[BP_MAX_SEGMENTS];
	struct token_bucket *limit;
	uint64_t bytes = 0;
	enum call_outcome outcome;
	struct block_dev *dev;

	if (device >= c->m->device_count ||
	    c->m->device[device].kind != BP_DEVICE_BLOCK)
		return call_violation(c, "block_io: device %llu is not a disk",
				      (unsigned long long)device);
	dev = &c->m->block[device];
	limit = &c->m->device_limit[device];
	if (!limit_wait(limit))
		return CALL_STOPPED;
	/* What moves no data is not free either; a transfer has more to pay. */
	limit_take(limit, CALL_PRICE_BYTES);
	switch (op) {
	case BP_BLOCK_READ:
	case BP_BLOCK_WRITE:
		outcome = copy_segments(c, c->arg[3], c->arg[4],
					op == BP_BLOCK_READ ? GUEST_WRITE
							    : GUEST_READ,
					iov, &bytes);
		if (outcome != CALL_DONE)
			return outcome;
		limit_take(limit, bytes);
		return call_refused(
			c, block_dev_transfer(dev, op == BP_BLOCK_WRITE, offset,
					      iov, (unsigned)c->arg[4]));
	case BP_BLOCK_FLUSH:
		return call_refused(c, block_dev_flush(dev));
	case BP_BLOCK_DISCARD:
		return call_refused(c,
				    block_dev_discard(dev, offset, c->arg[3]));
	default:
		return call_violation(c, "block_io: unknown operation %llu",
				      (unsigned long long)op);
	}
}

static enum call_outcome call_set_tls(struct call *c)
{
	struct vcpu *vcpu = c->m->vcpu;

	if (c->arg[0] >= c->m->mem.bytes)
		return call_violation(c,
				      "set_tls: 0x%llx is outside guest memory",
				      (unsigned long long)c->arg[0]);
	if (vcpu->ops->set_tls(vcpu, c->arg[0]) < 0)
		return CALL_FAILED;
	return call_done(c, 0);
}

static enum call_outcome call_map(struct call *c)
{
	uint64_t start = c->arg[0], bytes = c->arg[1], bits = c->arg[2];
	unsigned access = (unsigned)bits & ACCESS_BITS;
	struct guest_mem *mem = &c->m->mem;
	struct vcpu *vcpu = c->m->vcpu;
	unsigned need = access;
	int policy = -EINVAL;

	if (bits & ~(uint64_t)(ACCESS_BITS | BP_MAP_RELEASE))
		return call_violation(c, "map: unknown bits in 0x%llx",
				      (unsigned long long)bits);
	if (bytes <= mem->bytes && start <= mem->bytes - bytes)
		policy = guest_mem_policy(mem, start, start + bytes);
	if (policy < 0)
		return call_bad_range(c, "map", start, bytes);
	if (bits & BP_MAP_RELEASE)
		need |= GUEST_WRITE;
	/* No CPU lets code write or run what it may not read. */
	if (need & ~(unsigned)policy || (access && !(access & GUEST_READ)))
		return call_refused(c, BP_INVALID);
	if (guest_mem_restrict(mem, start, start + bytes, access) < 0)
		return call_refused(c, BP_NO_SPACE);
	if (vcpu->ops->map(vcpu, start, start + bytes, access) < 0)
		return CALL_FAILED;
	if (bits & BP_MAP_RELEASE &&
	    guest_mem_release(mem, start, start + bytes) < 0)
		return call_refused(c, BP_IO);
	return call_done(c, 0);
}

/* The addresses have to be the guest's own, so that mistakes show here. */
static enum call_outcome call_upcall(struct call *c)
{
	const struct upcall_target t = {c->arg[0], c->arg[1], c->arg[2],
					c->arg[3]};
	const struct guest_mem *mem = &c->m->mem;

	if (t.entry && t.kinds & ~UPCALL_KINDS)
		return call_violation(c, "upcall: unknown kinds in 0x%llx",
				      (unsigned long long)t.kinds);
	if (t.entry && !guest_mem_range(mem, t.entry, 1, GUEST_EXEC))
		return call_bad_range(c, "upcall entry", t.entry, 1);
	if (t.entry &&
	    (t.frame % sizeof(uint64_t) ||
	     !guest_mem_range(mem, t.frame, sizeof(struct bp_upcall_frame),
			      GUEST_READ | GUEST_WRITE)))
		return call_bad_range(c, "upcall frame", t.frame,
				      sizeof(struct bp_upcall_frame));
	c->m->upcall = t;
	event_want_signals(t.entry && t.kinds & 1ULL << BP_UPCALL_SIGNAL);
	return call_done(c, 0);
}

static enum call_outcome call_tick(struct call *c)
{
	return event_tick(c->arg[0]) < 0 ? call_refused(c, BP_UNSUPPORTED)
					 : call_done(c, 0);
}

static enum call_outcome (*const handlers[])(struct call *) = {
	[BP_CALL_EXIT] = call_exit,
	[BP_CALL_CONSOLE_WRITE] = call_console_write,
	[BP_CALL_CONSOLE_READ] = call_console_read,
	[BP_CALL_CLOCK_WALL] = call_clock_wall,
	[BP_CALL_RANDOM] = call_random,
	[BP_CALL_WAIT] = call_wait,
	[BP_CALL_BLOCK_IO] = call_block_io,
	[BP_CALL_SET_TLS] = call_set_tls,
	[BP_CALL_MAP] = call_map,
	[BP_CALL_UPCALL] = call_upcall,
	[BP_CALL_TICK] = call_tick,
	[BP_CALL_NET_IO] = call_net_io,
};

_Static_assert(GUEST_READ == BP_MAP_READ && GUEST_WRITE == BP_MAP_WRITE &&
		       GUEST_EXEC == BP_MAP_EXEC,
	       "the same bits");
_Static_assert(sizeof(handlers) / sizeof(handlers[0]) == BP_CALL_COUNT,
	       "a handler for every hypercall");

enum call_outcome hypercall_dispatch(struct machine *m,
				     const struct vcpu_exit *exit,
				     struct call_result *result)
{
	struct call c = {.m = m, .arg = exit->call.arg, .result = result};
	enum call_outcome outcome;

	result->bytes = 0;
	if (exit->call.number < BP_CALL_COUNT && handlers[exit->call.number])
		outcome = handlers[exit->call.number](&c);
	else
		outcome = call_violation(&c, "unknown hypercall %u",
					 exit->call.number);
	call_log_add(&m->calls, exit, c.value);
	if (outcome == CALL_DONE)
		m->vcpu->ops->set_result(m->vcpu, (uint64_t)c.value);
	return outcome;
}
