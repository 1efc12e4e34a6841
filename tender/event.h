/* SPDX-License-Identifier: ISC */
/*
 * What comes to the guest from outside: ticks of a timer, SIGTERM and SIGINT.
 */
#ifndef EVENT_H
#define EVENT_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct timespec;
struct vcpu;

/*
 * From now on SIGTERM and SIGINT end the tender with 128 plus their number,
 * as an exit of the guest would, unless it was started with them ignored.
 * @vcpu is kicked by whatever comes. 0 or -errno.
 */
int event_begin(struct vcpu *vcpu);

/* The timer of the ticks, made by event_begin(). */
int event_timer(void);

/*
 * Whether the guest wants such signals. If so the first one is kept for
 * event_signal(); the second one still ends the tender.
 */
void event_want_signals(bool want);

/* The signal that waits for being told to the guest; 0: none. */
int event_signal(void);
void event_signal_taken(void);

/* Ticks every @period_ns from now; 0: none any more. 0 or -errno. */
int event_tick(uint64_t period_ns);

/* Whether there was a tick since this was last asked. */
bool event_tick_take(void);

/* ppoll(), which any event ends, also one that came before. */
int event_poll(struct pollfd *fds, nfds_t count,
	       const struct timespec *timeout);

/* Waits that long, or until a signal comes. */
void event_sleep(const struct timespec *most);

/* Kicks the vCPU some milliseconds from now, where no tick will. */
void event_look_again(void);

#endif
