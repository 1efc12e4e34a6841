/* SPDX-License-Identifier: ISC */
#include "net.h"

#include <errno.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>

#include "hypercall_x86_64.h"
#include "net_config.h"
#include "net_device.h"
#include "net_raw.h"
#include "net_tcp.h"
#include "net_timer.h"
#include "runtime.h"
#include "timer.h"

/* How long frames may lie in a queue while the guest does not wait. */
#define LOOK_NS 500000

/*
 * At the end: how long a peer may be silent that has not acknowledged data, or
 * only the end of it, and how long one may have no room. passt says nothing
 * while its socket is full.
 */
#define SILENCE_MS     20000u
#define END_SILENCE_MS 2000u
#define STALL_NS       60000000000ULL

static unsigned wakes;
static uint64_t devices;
static uint64_t looked_ns;
static int left_behind; /* since the last tick, some frames were */
static int is_ticking;

static uint64_t before_wait(uint64_t deadline_ns);
static void ready(uint64_t mask);
static void wait_alone(uint64_t timeout_ns);

static struct rt_poller poller = {
	.before_wait = before_wait,
	.ready = ready,
	.wait = wait_alone,
};

static void deliver_local(void)
{
	struct netif *netif;
	int more;

	do {
		more = 0;
		NETIF_FOREACH(netif)
		{
			if (!netif->loop_first)
				continue;
			netif_poll(netif);
			more = 1;
		}
	} while (more);
}

/* Whether anything moved. */
static int exchange(uint64_t mask, int always)
{
	int moved;

	looked_ns = __rt_monotonic_ns();
	moved = net_devices_exchange(mask, always);
	poller.devices = net_devices_alive();
	net_devices_input();
	deliver_local();
	return moved;
}

/*
 * Who was woken will soon be here again, most likely with something to send:
 * acknowledgements go along with that.
 */
static uint64_t before_wait(uint64_t deadline_ns)
{
	unsigned before = wakes;
	uint64_t next;

	do {
		next = net_timers_run();
		deliver_local();
		if (__rt_waits_alone == &poller || !net_devices_pending() ||
		    !exchange(devices, 0))
			break;
	} while (wakes == before);
	return next < deadline_ns ? next : deadline_ns;
}

static void ready(uint64_t mask)
{
	exchange(mask, 1);
}

/* What is to be sent goes along. */
static void wait_alone(uint64_t timeout_ns)
{
	net_device_wait(timeout_ns);
	poller.devices = net_devices_alive();
	looked_ns = __rt_monotonic_ns();
	net_devices_input();
	deliver_local();
}

static void (*exit_before)(void);

static void at_exit(void)
{
	if (exit_before)
		exit_before();
	net_finish();
}

int net_start(void)
{
	static int started;

	if (started)
		return 0;
	started = 1;
	lwip_init();
	netif_get_by_index(1)->mtu = 65520;
	netif_get_by_index(1)->mtu6 = 65520;
	NETIF_SET_CHECKSUM_CTRL(netif_get_by_index(1), 0);
	net_raw_start();
	devices = net_devices_start();
	poller.devices = devices;
	__rt_poller_add(&poller);
	exit_before = __rt_at_exit;
	__rt_at_exit = at_exit;
	return 0;
}

/* The program computes: frames that it left behind go now. */
static int tick(void)
{
	is_ticking = left_behind;
	left_behind = 0;
	if (net_devices_pending())
		exchange(devices, 0);
	return is_ticking;
}

void net_kick(void)
{
	deliver_local();
	if (!net_devices_pending())
		return;
	if (__rt_monotonic_ns() - looked_ns > LOOK_NS) {
		exchange(devices, 0);
		return;
	}
	left_behind = 1;
	if (is_ticking)
		return;
	is_ticking = 1;
	__rt_tick_also = tick;
	__rt_tick_soon();
}

void net_flush(void)
{
	deliver_local();
	if (net_devices_pending())
		exchange(devices, 0);
}

void net_look(void)
{
	if (__rt_monotonic_ns() - looked_ns <= LOOK_NS)
		return;
	if (devices)
		exchange(devices, 1);
	looked_ns = __rt_monotonic_ns();
	net_timers_run();
	deliver_local();
}

void net_wake(struct rt_waitq *queue, unsigned events)
{
	if (!queue->first)
		return;
	wakes++;
	__rt_waitq_wake_for(queue, events);
}

static int is_silent(const struct tcp_pcb *pcb)
{
	uint32_t ms = (tcp_ticks - pcb->tmr) * TCP_SLOW_INTERVAL;
	int has_data = pcb->snd_lbb - pcb->lastack > 1;

	return (pcb->nrtx || pcb->persist_probe > 1) &&
	       ms >= (has_data ? SILENCE_MS : END_SILENCE_MS);
}

/*
 * Bytes that peers have not acknowledged, and one for each end, but for those
 * who seem to be gone.
 */
static uint64_t owed(void)
{
	uint64_t sum = 0;

	for (const struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
		if (pcb->state >= ESTABLISHED &&
		    (pcb->unsent || pcb->unacked) && !is_silent(pcb))
			sum += pcb->snd_lbb - pcb->lastack;
	return sum;
}

void net_finish(void)
{
	uint64_t stalled = __rt_monotonic_ns() + STALL_NS, last = 0;
	uint64_t left, now, next, got;

	__rt_waits_alone = NULL;
	net_tcp_close_all();
	for (;;) {
		next = before_wait(stalled);
		left = owed();
		now = __rt_monotonic_ns();
		if (!left || now >= stalled || !poller.devices)
			break;
		if (left != last)
			stalled = now + STALL_NS;
		last = left;
		got = hypercall_wait(next > now ? next - now : 0,
				     poller.devices);
		if (got)
			ready(got);
	}
}

int net_errno(int err)
{
	static const unsigned char table[] = {
		[-ERR_OK] = 0,
		[-ERR_MEM] = ENOBUFS,
		[-ERR_BUF] = ENOBUFS,
		[-ERR_TIMEOUT] = ETIMEDOUT,
		[-ERR_RTE] = ENETUNREACH,
		[-ERR_INPROGRESS] = EINPROGRESS,
		[-ERR_VAL] = EINVAL,
		[-ERR_WOULDBLOCK] = EAGAIN,
		[-ERR_USE] = EADDRINUSE,
		[-ERR_ALREADY] = EALREADY,
		[-ERR_ISCONN] = EISCONN,
		[-ERR_CONN] = ENOTCONN,
		[-ERR_IF] = EIO,
		[-ERR_ABRT] = ETIMEDOUT, /* by a timer: net_tcp.c */
		[-ERR_RST] = ECONNRESET,
		[-ERR_CLSD] = ENOTCONN,
		[-ERR_ARG] = EINVAL,
	};

	return table[-err];
}
