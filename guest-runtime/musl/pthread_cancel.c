/* SPDX-License-Identifier: ISC */
/*
 * Takes the place of musl's src/thread/pthread_cancel.c, which sends a signal
 * whose handler looks where the thread is.
 *
 * THEORY OF OPERATION
 * pthread_cancel() leaves a mark on the thread. It acts on that itself, always:
 * before and behind a system call that is a cancellation point (__rt_enter_cp),
 * in pthread_testcancel(), and, if it wants to be cancelled at once, when it
 * leaves the runtime. One that is blocked in a cancellation point is made to
 * look again, and fails with EINTR. What the call has done already is not lost:
 * a call that succeeds is not cancelled behind it.
 */
#include "pthread_impl.h"

#include "lock.h" /* needs what is above */

struct rt_cancel {
	int (*is_due)(void);
	long (*act)(void);
	void (*act_at_once)(void);
	int (*is_due_at_once)(uintptr_t tls);
};

extern hidden const struct rt_cancel *__rt_cancel;
hidden int __rt_thread_cancel(int tid);
hidden long __cancel(void);

static int is_due(void)
{
	pthread_t self = __pthread_self();

	return self->cancel && self->canceldisable != PTHREAD_CANCEL_DISABLE;
}

/* musl's own masked state is told by an error, once. */
long __cancel(void)
{
	pthread_t self = __pthread_self();

	if (self->canceldisable == PTHREAD_CANCEL_ENABLE || self->cancelasync)
		pthread_exit(PTHREAD_CANCELED);
	self->canceldisable = PTHREAD_CANCEL_DISABLE;
	return -ECANCELED;
}

static int is_due_at_once(uintptr_t tls)
{
	pthread_t t = (pthread_t)tls;

	return t->cancel && t->cancelasync &&
	       t->canceldisable != PTHREAD_CANCEL_DISABLE;
}

static void act_at_once(void)
{
	if (is_due_at_once(__get_tp()))
		__cancel();
}

void __testcancel(void)
{
	pthread_t self = __pthread_self();

	if (self->cancel && !self->canceldisable)
		__cancel();
}

int pthread_cancel(pthread_t t)
{
	static const struct rt_cancel cancel = {is_due, __cancel, act_at_once,
						is_due_at_once};
	int err = 0;

	__rt_cancel = &cancel;
	t->cancel = 1;
	if (t == __pthread_self()) {
		act_at_once();
		return 0;
	}
	LOCK(t->killlock);
	if (t->tid)
		err = -__rt_thread_cancel(t->tid);
	UNLOCK(t->killlock);
	return err;
}
