/* SPDX-License-Identifier: ISC */
/*
 * The network of the guest on this machine: one device, whose other end is the
 * test, and a clock that the test moves. What the runtime would give it is
 * here.
 */
#ifndef LWIP_FIXTURE_H
#define LWIP_FIXTURE_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "boot_info.h"
#include "disk_device.h"
#include "lwip_host.h"
#include "memory_hook.h"
#include "net_family.h"
#include "runtime.h"
#include "socket.h"
#include "tap.h"
#include "timer.h"
#include "vnode.h"
#include "wait.h"

#define MS 1000000ull

/* To the guest and from it. */
struct frame {
	unsigned bytes;
	uint8_t data[BP_FRAME_MAX_BYTES];
};

#define QUEUE 64

struct wire {
	struct frame frame[QUEUE];
	unsigned first, end;
};

static struct wire to_guest, from_guest;
static uint64_t clock_ns = 1000 * MS;
static struct rt_poller *net_poller;
static size_t allocated;

static struct {
	struct bp_boot_info info;
	struct bp_device device;
	struct bp_net net;
} boot = {
	.info = {.device_count = 1,
		 .device_offset = sizeof(struct bp_boot_info),
		 .random = "0123456789abcdefghijklmnopqrstu"},
	.device = {.kind = BP_DEVICE_NET,
		   .net_offset = sizeof(struct bp_boot_info) +
				 sizeof(struct bp_device)},
	.net = {.mtu = 1500,
		.mac = {2, 0, 0, 0, 0, 1},
		.ip4 = {10, 0, 0, 1},
		.ip4_prefix = 24,
		.ip4_gateway = {10, 0, 0, 2}},
};

const struct bp_boot_info *__rt_boot = &boot.info;
void (*__rt_at_exit)(void);
const struct rt_poller *__rt_waits_alone;
int (*__rt_tick_also)(void);

void __rt_tick_soon(void)
{
}

const struct bp_device *__rt_device(unsigned index)
{
	return &boot.device + index;
}

uint64_t __rt_monotonic_ns(void)
{
	return clock_ns;
}

void *__rt_malloc(size_t bytes)
{
	allocated++;
	return malloc(bytes);
}

void *__rt_calloc(size_t count, size_t bytes)
{
	allocated++;
	return calloc(count, bytes);
}

void __rt_free(void *p)
{
	allocated -= !!p;
	free(p);
}

#ifndef HEAP_BYTES
#define HEAP_BYTES (256ul << 20)
#endif

size_t __rt_memory_total(void)
{
	return HEAP_BYTES;
}

void __rt_poller_add(struct rt_poller *poller)
{
	net_poller = poller;
}

/* Nobody waits: a call that would is told to come again. */
unsigned __rt_waitq_wake(struct rt_waitq *queue, unsigned most)
{
	(void)queue, (void)most;
	return 0;
}

long __rt_wait_on(struct rt_waitq *queue, uint64_t deadline_ns)
{
	(void)queue, (void)deadline_ns;
	return -ETIMEDOUT;
}

long __rt_socket_wait(struct rt_socket *s, uint64_t until_ns)
{
	(void)s, (void)until_ns;
	return -EAGAIN;
}

long __rt_socket_error(struct rt_socket *s)
{
	int error = s->error;

	s->error = 0;
	return -error;
}

struct rt_socket *__rt_socket_new(int domain, int type, int protocol)
{
	struct rt_socket *s = __rt_calloc(1, sizeof(*s));

	s->domain = domain;
	s->type = type;
	s->protocol = protocol;
	return s;
}

static struct rt_socket *open_socket(int domain, int type, int protocol)
{
	struct rt_socket *s = __rt_socket_new(domain, type, protocol);
	const struct rt_socket_family *f =
		domain == AF_INET ? &__rt_inet_family : &__rt_inet6_family;
	long err = f->create(s);

	EXPECT(err == 0, "socket: %ld", err);
	return s;
}

static void close_socket(struct rt_socket *s)
{
	s->ops->release(s);
	__rt_free(s->own);
	__rt_free(s);
}

static void put_frame(struct wire *w, const void *data, unsigned bytes)
{
	struct frame *f;

	if (w->end - w->first == QUEUE)
		return;
	f = &w->frame[w->end++ % QUEUE];
	f->bytes = bytes;
	memcpy(f->data, data, bytes);
}

/* The oldest frame, or NULL. */
static struct frame *take_frame(struct wire *w)
{
	return w->first == w->end ? NULL : &w->frame[w->first++ % QUEUE];
}

static unsigned send_all(const struct bp_frame *send, uint64_t entries)
{
	uint8_t data[BP_FRAME_MAX_BYTES + 1];
	unsigned frames = 0, bytes = 0;

	EXPECT(entries <= BP_MAX_FRAME_ENTRIES, "%llu entries",
	       (unsigned long long)entries);
	for (uint64_t i = 0; i < entries; i++) {
		EXPECT(bytes + send[i].bytes <= BP_FRAME_MAX_BYTES,
		       "a frame of more than %u bytes", bytes);
		memcpy(data + bytes, (const void *)send[i].gpa, send[i].bytes);
		bytes += send[i].bytes;
		if (send[i].flags & BP_FRAME_MORE)
			continue;
		EXPECT(bytes >= BP_FRAME_MIN_BYTES, "%u bytes", bytes);
		put_frame(&from_guest, data, bytes);
		frames++;
		bytes = 0;
	}
	EXPECT(frames <= BP_MAX_FRAMES && !bytes, "%u frames", frames);
	return frames;
}

/* Fills one buffer, of as many entries as it has, with a frame. */
static uint64_t fill(struct bp_frame *entry, const struct frame *f)
{
	uint64_t used = 0;
	unsigned done = 0, n;
	int more;

	do {
		n = entry[used].bytes;
		if (n > f->bytes - done)
			n = f->bytes - done;
		memcpy((void *)entry[used].gpa, f->data + done, n);
		entry[used].bytes = n;
		done += n;
		more = entry[used++].flags & BP_FRAME_MORE;
	} while (more);
	return used;
}

int64_t host_net_io(unsigned device, const struct bp_frame *send,
		    uint64_t send_entries, struct bp_frame *receive,
		    uint64_t receive_entries)
{
	unsigned sent = send_all(send, send_entries), received = 0;
	const uint64_t entries =
		receive_entries & ((1u << BP_NET_ENTRIES_BITS) - 1);
	const struct frame *f;

	EXPECT(device == 0, "device %u", device);
	for (uint64_t at = 0; at < entries; received++) {
		f = take_frame(&to_guest);
		if (!f)
			break;
		at += fill(receive + at, f);
	}
	return sent | (int64_t)received << 16;
}

uint64_t host_wait(uint64_t timeout_ns, uint64_t set)
{
	clock_ns += timeout_ns;
	return to_guest.first != to_guest.end ? set & 1 : 0;
}

/* The guest waits for so long, and takes what comes meanwhile. */
static void pass(uint64_t ns)
{
	const uint64_t end = clock_ns + ns;

	for (;;) {
		uint64_t next = net_poller->before_wait(end);

		if (to_guest.first != to_guest.end) {
			net_poller->ready(1);
			continue;
		}
		if (clock_ns >= end)
			return;
		clock_ns = next > clock_ns ? next : clock_ns + MS;
	}
}

#endif
