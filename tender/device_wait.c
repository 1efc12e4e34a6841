/* SPDX-License-Identifier: ISC */
#include "device_wait.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include "device_net.h"
#include "event.h"
#include "hypercall.h"
#include "machine.h"

#define NS_PER_S 1000000000ULL

/* Behind the numbers of devices. */
#define CONSOLE BP_MAX_DEVICES
#define VCPU	(BP_MAX_DEVICES + 1)

/* What poll() is asked, and for which device. */
struct watch {
	unsigned count;
	struct pollfd fd[BP_MAX_DEVICES + 2];
	unsigned device[BP_MAX_DEVICES + 2];
};

static void watch_add(struct watch *w, int fd, short events, unsigned device)
{
	w->fd[w->count] = (struct pollfd){.fd = fd, .events = events};
	w->device[w->count++] = device;
}

/* The part of @set that is ready without asking the host; watches the rest. */
static uint64_t look(struct machine *m, uint64_t set, struct watch *w)
{
	uint64_t ready = 0;

	for (unsigned i = 0; i < m->device_count; i++) {
		bool wanted = set & 1ULL << i;
		short events;

		if (m->device[i].kind != BP_DEVICE_NET) {
			ready |= set & 1ULL << i;
			continue;
		}
		events = net_dev_events(&m->net[i], wanted);
		if (wanted && net_dev_ready(&m->net[i]))
			ready |= 1ULL << i;
		else if (events)
			watch_add(w, m->net[i].fd, events, i);
	}
	if (set & BP_WAIT_CONSOLE)
		watch_add(w, STDIN_FILENO, POLLIN, CONSOLE);
	/* Nobody else would notice, however long the guest waits. */
	if (m->vcpu->end_fd)
		watch_add(w, m->vcpu->end_fd, POLLIN, VCPU);
	return ready;
}

uint64_t device_wait(struct machine *m, uint64_t set, uint64_t timeout_ns)
{
	struct timespec timeout = {
		.tv_sec = (time_t)(timeout_ns / NS_PER_S),
		.tv_nsec = (long)(timeout_ns % NS_PER_S),
	};
	bool for_ever = timeout_ns == BP_WAIT_FOREVER;
	struct watch w = {0};
	uint64_t ready = look(m, set, &w);

	if (ready) {
		for_ever = false;
		timeout = (struct timespec){0};
	}
	if (event_poll(w.fd, w.count, for_ever ? NULL : &timeout) <= 0)
		return ready;
	for (unsigned i = 0; i < w.count; i++) {
		unsigned device = w.device[i];

		if (!w.fd[i].revents || device == VCPU)
			continue;
		if (device == CONSOLE)
			ready |= BP_WAIT_CONSOLE;
		else if (net_dev_awake(&m->net[device], w.fd[i].revents))
			ready |= set & 1ULL << device;
	}
	return ready;
}
