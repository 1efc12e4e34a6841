/* SPDX-License-Identifier: ISC */
/*
 * THEORY OF OPERATION
 * A handler notes what came and kicks the vCPU, so that ->run returns, or does
 * when it is next called; whoever calls it looks at the notes after that. So
 * nothing is lost, wherever the tender was. Ticks restart the system call they
 * interrupt; the next one is a period after the last one was seen to, so that
 * a guest gets on however slow its host is. Only a signal that is not the
 * guest's ends the tender, right in its handler: whatever is under way may take
 * its time.
 */
#include "event.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "attention.h"
#include "upcall.h"
#include "vcpu.h"

#define NS_PER_S      1000000000ULL
#define LOOK_AGAIN_NS 5000000ULL
#define TICK_SIGNAL   SIGVTALRM
#define MOST_NS	      (3600 * NS_PER_S) /* a longer period counts as this */
#define STATUS_SIGNAL 128

/* A signal handler has no argument to find these by. */
static struct vcpu *target;
static volatile sig_atomic_t ticked;
static uint64_t period_ns; /* of ticks; 0: there are none */
static volatile sig_atomic_t wanted;
static volatile sig_atomic_t signal_waiting, signal_seen;

static int timer = -1;

static _Noreturn void end(int signal)
{
	if (target->ops->reap)
		target->ops->reap(target);
	/* seccomp: exit_group */
	_exit(STATUS_SIGNAL + signal);
}

static void on_end(int signal)
{
	int saved = errno;

	if (!wanted || signal_seen)
		end(signal);
	signal_seen = 1;
	signal_waiting = signal;
	target->ops->kick(target);
	errno = saved;
}

static void on_tick(int signal)
{
	int saved = errno;

	(void)signal;
	ticked = 1;
	target->ops->kick(target);
	errno = saved;
}

/* As the user, or nohup, had it when it was ignored. */
static int catch (int signal)
{
	struct sigaction old, action = {
				      .sa_handler = on_end,
				      .sa_flags = SA_RESTART,
			      };

	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGTERM);
	sigaddset(&action.sa_mask, SIGINT);
	if (sigaction(signal, NULL, &old) < 0)
		return -errno;
	if (old.sa_handler == SIG_IGN)
		return 0;
	return sigaction(signal, &action, NULL) < 0 ? -errno : 0;
}

/* By a plain system call, as musl's function brings threads along. */
static int make_timer(void)
{
	struct sigaction action = {
		.sa_handler = on_tick,
		.sa_flags = SA_RESTART,
	};
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = TICK_SIGNAL,
	};
	sigset_t signals;

	if (timer >= 0)
		return 0;
	sigemptyset(&signals);
	sigaddset(&signals, TICK_SIGNAL);
	if (sigaction(TICK_SIGNAL, &action, NULL) < 0 ||
	    sigprocmask(SIG_UNBLOCK, &signals, NULL) < 0 ||
	    syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) < 0)
		return -errno;
	return 0;
}

int event_begin(struct vcpu *vcpu)
{
	int err;

	target = vcpu;
	err = catch (SIGTERM);
	if (!err)
		err = catch (SIGINT);
	/* A sealed tender can make none any more. */
	return err ? err : make_timer();
}

int event_timer(void)
{
	return timer;
}

void event_want_signals(bool want)
{
	wanted = want;
	if (!want && signal_waiting)
		end(signal_waiting);
}

int event_signal(void)
{
	return signal_waiting;
}

void event_signal_taken(void)
{
	signal_waiting = 0;
}

static int set_timer(uint64_t ns)
{
	const struct itimerspec spec = {
		.it_value.tv_sec = (time_t)(ns / NS_PER_S),
		.it_value.tv_nsec = (long)(ns % NS_PER_S),
	};

	/* seccomp: timer_settime */
	return syscall(SYS_timer_settime, timer, 0, &spec, NULL) < 0 ? -errno
								     : 0;
}

int event_tick(uint64_t ns)
{
	int err;

	if (ns && ns < BP_TICK_LEAST_NS)
		ns = BP_TICK_LEAST_NS;
	if (ns > MOST_NS)
		ns = MOST_NS;
	if (!ns && timer < 0)
		return 0;
	err = make_timer();
	if (!err)
		err = set_timer(ns);
	if (err)
		return err;
	period_ns = ns;
	ticked = 0;
	if (!ns && signal_waiting)
		event_look_again();
	return 0;
}

bool event_tick_take(void)
{
	if (!ticked)
		return false;
	ticked = 0;
	if (period_ns)
		(void)set_timer(period_ns);
	return period_ns != 0;
}

int event_poll(struct pollfd *fds, nfds_t count, const struct timespec *timeout)
{
	const struct timespec now = {0};
	sigset_t events, before;
	bool attended;
	int n;

	sigemptyset(&events);
	attended = attention_signals(&events);
	/* seccomp: ppoll, rt_sigprocmask */
	if (!wanted && !period_ns && !attended)
		return ppoll(fds, count, timeout, NULL);
	sigaddset(&events, SIGTERM);
	sigaddset(&events, SIGINT);
	sigaddset(&events, TICK_SIGNAL);
	sigprocmask(SIG_BLOCK, &events, &before);
	if (signal_waiting || ticked || attention_pending())
		timeout = &now;
	n = ppoll(fds, count, timeout, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return n;
}

void event_sleep(const struct timespec *most)
{
	/* seccomp: ppoll */
	(void)ppoll(NULL, 0, most, NULL);
}

void event_look_again(void)
{
	if (!period_ns && !make_timer())
		(void)set_timer(LOOK_AGAIN_NS);
}
