/* SPDX-License-Identifier: ISC */
#include "limit.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "device_name.h"
#include "event.h"
#include "interrupt.h"
#include "log.h"
#include "machine.h"
#include "option_text.h"
#include "options.h"

#define NS_PER_S 1000000000ULL
#define RATE_MAX (1ULL << 50)

static const char console[] = "console";

/* A number of bytes, with K, M or G, and "/s" or not. */
static bool parse_rate(const char *at, uint64_t *rate)
{
	if (!option_bytes(&at, RATE_MAX, rate) || !*rate)
		return false;
	return !*at || !strcmp(at, "/s");
}

static bool add_limit(struct options *o, const char *part)
{
	const char *equals = strchr(part, '=');
	size_t n = equals ? (size_t)(equals - part) : 0;
	struct limit_option l = {0};

	if (!equals || !device_name_is_good(part, n) ||
	    !parse_rate(equals + 1, &l.bytes_per_s)) {
		log_error("--limit=%s: expected a device or console, and bytes "
			  "a second, such as console=64K/s or disk0=10M/s",
			  part);
		return false;
	}
	memcpy(l.name, part, n);
	for (unsigned i = 0; i < o->limit_count; i++) {
		if (!strcmp(o->limit[i].name, l.name)) {
			log_error("--limit: %s has two limits", l.name);
			return false;
		}
	}
	if (o->limit_count == LIMITS_MAX) {
		log_error("--limit: more than %d limits", LIMITS_MAX);
		return false;
	}
	o->limit[o->limit_count++] = l;
	return true;
}

bool options_add_limits(struct options *o, const char *arg)
{
	char *copy = strdup(arg), *at = copy;
	bool good = copy;

	if (!copy)
		log_error("out of memory");
	while (good && at)
		good = add_limit(o, option_next_part(&at));
	free(copy);
	return good;
}

/* The tender does not see what is read from memory. */
static bool is_mapped(const struct machine *m, unsigned device)
{
	return m->device[device].kind == BP_DEVICE_BLOCK &&
	       m->block[device].map;
}

bool limits_apply(struct machine *m, const struct options *o)
{
	for (unsigned i = 0; i < o->limit_count; i++) {
		const struct limit_option *l = &o->limit[i];
		struct token_bucket *b = NULL;

		for (unsigned j = 0; j < m->device_count; j++) {
			if (strcmp(m->device[j].name, l->name))
				continue;
			if (is_mapped(m, j)) {
				log_error("--limit: %s is mapped, and how fast "
					  "it is read cannot be limited; "
					  "attach it without map",
					  l->name);
				return false;
			}
			b = &m->device_limit[j];
		}
		if (!b && !strcmp(l->name, console))
			b = &m->console_limit;
		if (!b) {
			log_error("--limit: there is no device '%s'", l->name);
			return false;
		}
		b->bytes_per_s = l->bytes_per_s;
	}
	return true;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

bool limit_wait(const struct token_bucket *b)
{
	uint64_t ns;

	if (!b->bytes_per_s)
		return true;
	/* Ticks and signals of the guest interrupt it, and come later. */
	while ((ns = token_bucket_wait(b, now_ns()))) {
		const struct timespec most = {
			.tv_sec = ns < NS_PER_S ? 0 : 1,
			.tv_nsec = ns < NS_PER_S ? (long)ns : 0,
		};

		if (interrupt_pending())
			return false;
		event_sleep(&most);
	}
	return true;
}

void limit_take(struct token_bucket *b, uint64_t bytes)
{
	if (b->bytes_per_s)
		token_bucket_take(b, bytes, now_ns());
}
