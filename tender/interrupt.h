/* SPDX-License-Identifier: ISC */
/* The time limit: stops the guest, or a system call made for it. */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

/*
 * Arms the time limit of @us microseconds. When it has passed, @vcpu is
 * kicked and blocking system calls fail with EINTR; both again and again, so
 * that one which was about to block when the first signal came ends too.
 * 0 or -errno.
 */
int interrupt_arm(struct vcpu *vcpu, uint64_t us);

/* Whether the time limit has passed. */
bool interrupt_pending(void);

#endif
