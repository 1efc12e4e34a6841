/* SPDX-License-Identifier: ISC */
/* Where the guest spends its time: a sample of its stack now and then. */
#ifndef PROFILE_H
#define PROFILE_H

struct machine;
struct profile;

/* NULL when there is no memory. */
struct profile *profile_create(void);

/* Counts the stack at which the guest of @m stands. */
void profile_sample(struct profile *p, const struct machine *m);

/*
 * Writes "main;work;inner 42" for each stack into @fd, outermost first, as
 * flame graph tools take it.
 */
void profile_write(const struct profile *p, const struct machine *m, int fd);

#endif
