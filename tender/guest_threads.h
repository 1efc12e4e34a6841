/* SPDX-License-Identifier: ISC */
/*
 * The threads of a guest, as its runtime lists them. What is in guest memory
 * may be anything; nothing is done with it but to show it.
 */
#ifndef GUEST_THREADS_H
#define GUEST_THREADS_H

#include <stdbool.h>
#include <stdint.h>

struct cpu_state;
struct machine;

#define GUEST_THREADS_MAX 128

struct guest_thread {
	uint64_t id; /* 1 and on; told apart by the guest, or not */
	uint64_t gpa;
	bool current; /* the one that the vCPU runs */
	char name[16];
};

/* Where the list is, from the image's symbols; 0: it has none. */
uint64_t guest_threads_find(const struct machine *m);

/*
 * Fills @list with at most @max threads, the current one first; how many. Where
 * there is no list it is one thread, with the number 1.
 */
unsigned guest_threads_list(const struct machine *m, uint64_t table_gpa,
			    struct guest_thread *list, unsigned max);

/*
 * The registers of @thread, which does not run, as far as they are kept; the
 * rest are 0. False when they are nowhere.
 */
bool guest_thread_state(const struct machine *m, uint64_t table_gpa,
			const struct guest_thread *thread,
			struct cpu_state *state);

#endif
