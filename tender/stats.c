/* SPDX-License-Identifier: ISC */
#include "stats.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "call_log.h"
#include "text.h"

#define NS_PER_S 1000000000ULL

/* Of the host: this process, and what it waits for, a guest in a process. */
struct usage {
	uint64_t user_ns;
	uint64_t system_ns;
	uint64_t peak_kib;
	uint64_t minor_faults;
	uint64_t major_faults;
};

uint64_t stats_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

void stats_add_call(struct stats *s, unsigned number, uint64_t ns,
		    uint64_t bytes)
{
	struct stats_call *c = &s->call[number % BP_PORT_COUNT];

	c->count++;
	c->total_ns += ns;
	c->bytes += bytes;
	if (ns > c->max_ns)
		c->max_ns = ns;
}

static uint64_t ns_of(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * NS_PER_S + (uint64_t)t->tv_usec * 1000;
}

static struct usage usage_now(void)
{
	struct usage u = {0};
	struct rusage r;

	/* seccomp: getrusage */
	if (!getrusage(RUSAGE_SELF, &r))
		u = (struct usage){
			.user_ns = ns_of(&r.ru_utime),
			.system_ns = ns_of(&r.ru_stime),
			.peak_kib = (uint64_t)r.ru_maxrss,
			.minor_faults = (uint64_t)r.ru_minflt,
			.major_faults = (uint64_t)r.ru_majflt,
		};
	return u;
}

static double us(uint64_t ns)
{
	return (double)ns / 1e3;
}

static double ms(uint64_t ns)
{
	return (double)ns / 1e6;
}

void stats_table(const struct stats *s, char *text, size_t bytes)
{
	struct usage u = usage_now();
	struct text t;

	text_init(&t, text, bytes);
	text_put(&t,
		 "time      %.3f ms: guest %.3f, tender %.3f\n"
		 "host CPU  user %.3f ms, system %.3f ms\n"
		 "exits     %" PRIu64 ": traps %" PRIu64 ", interrupts %" PRIu64
		 "\n"
		 "memory    peak %" PRIu64 " KiB; page faults %" PRIu64
		 ", from disk %" PRIu64 "\n",
		 ms(stats_now() - s->started_ns), ms(s->guest_ns),
		 ms(s->tender_ns), ms(u.user_ns), ms(u.system_ns), s->exits,
		 s->traps, s->interrupts, u.peak_kib,
		 u.minor_faults + u.major_faults, u.major_faults);
	text_put(&t, "%-14s %10s %12s %10s %10s %14s\n", "hypercall", "count",
		 "total ms", "mean us", "max us", "bytes");
	for (unsigned i = 0; i < BP_CALL_COUNT; i++) {
		const struct stats_call *c = &s->call[i];

		if (c->count)
			text_put(&t,
				 "%-14s %10" PRIu64 " %12.3f %10.1f %10.1f "
				 "%14" PRIu64 "\n",
				 call_name(i), c->count, ms(c->total_ns),
				 us(c->total_ns) / (double)c->count,
				 us(c->max_ns), c->bytes);
	}
}

void stats_json(const struct stats *s, char *text, size_t bytes)
{
	struct usage u = usage_now();
	struct text t;
	bool first = true;

	text_init(&t, text, bytes);
	text_put(&t,
		 "{\"time_ns\":%" PRIu64 ",\"guest_ns\":%" PRIu64
		 ",\"tender_ns\":%" PRIu64 ",\"host_user_ns\":%" PRIu64
		 ",\"host_system_ns\":%" PRIu64 ",\"exits\":%" PRIu64
		 ",\"traps\":%" PRIu64 ",\"interrupts\":%" PRIu64
		 ",\"peak_memory_bytes\":%" PRIu64 ",\"page_faults\":%" PRIu64
		 ",\"page_faults_from_disk\":%" PRIu64 ",\"hypercalls\":{",
		 stats_now() - s->started_ns, s->guest_ns, s->tender_ns,
		 u.user_ns, u.system_ns, s->exits, s->traps, s->interrupts,
		 u.peak_kib * 1024, u.minor_faults + u.major_faults,
		 u.major_faults);
	for (unsigned i = 0; i < BP_CALL_COUNT; i++) {
		const struct stats_call *c = &s->call[i];

		if (!c->count)
			continue;
		text_put(&t,
			 "%s\"%s\":{\"count\":%" PRIu64 ",\"total_ns\":%" PRIu64
			 ",\"max_ns\":%" PRIu64 ",\"bytes\":%" PRIu64 "}",
			 first ? "" : ",", call_name(i), c->count, c->total_ns,
			 c->max_ns, c->bytes);
		first = false;
	}
	text_put(&t, "}}\n");
}
