/* SPDX-License-Identifier: ISC */
#include "profile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backtrace.h"
#include "log.h"
#include "machine.h"
#include "symbol.h"
#include "text.h"

#define STACKS	   8192u /* different ones that are told apart */
#define LINE_BYTES 4096

struct stack {
	uint64_t samples;
	unsigned depth;
	uint64_t pc[BACKTRACE_MAX];
};

struct profile {
	uint64_t lost; /* samples of more stacks than those */
	struct stack stack[STACKS];
};

struct profile *profile_create(void)
{
	return calloc(1, sizeof(struct profile));
}

/* FNV-1a. */
static unsigned hash(const uint64_t *pc, unsigned depth)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (unsigned i = 0; i < depth; i++)
		h = (h ^ pc[i]) * 0x100000001b3ULL;
	return (unsigned)(h ^ h >> 32) % STACKS;
}

static void add(struct profile *p, const uint64_t *pc, unsigned depth,
		uint64_t samples)
{
	unsigned at = hash(pc, depth);

	for (unsigned i = 0; i < STACKS; i++, at = (at + 1) % STACKS) {
		struct stack *s = &p->stack[at];

		if (!s->samples) {
			s->depth = depth;
			memcpy(s->pc, pc, depth * sizeof(*pc));
		} else if (s->depth != depth ||
			   memcmp(s->pc, pc, depth * sizeof(*pc)) != 0) {
			continue;
		}
		s->samples += samples;
		return;
	}
	p->lost += samples;
}

void profile_sample(struct profile *p, const struct machine *m)
{
	uint64_t pc[BACKTRACE_MAX] = {0};
	struct vcpu_place place;
	unsigned depth;

	m->vcpu->ops->place(m->vcpu, &place);
	depth = backtrace_addresses(m, &place, pc, BACKTRACE_MAX);
	add(p, pc, depth, 1);
}

/* One stack for all places within the same functions. */
static struct profile *by_function(const struct profile *p,
				   const struct symbols *symbols)
{
	struct profile *merged = profile_create();
	uint64_t pc[BACKTRACE_MAX];

	for (unsigned i = 0; merged && i < STACKS; i++) {
		const struct stack *s = &p->stack[i];

		for (unsigned j = 0; j < s->depth; j++) {
			uint64_t at = s->pc[j] - (j > 0);
			uint64_t begins = symbols_function(symbols, at);

			pc[j] = begins ? begins : at;
		}
		if (s->samples)
			add(merged, pc, s->depth, s->samples);
	}
	return merged;
}

/* The name of a function alone. */
static void put_function(struct text *t, const struct symbols *symbols,
			 uint64_t pc)
{
	char name[112];

	symbols_format(symbols, pc, name, sizeof(name));
	name[strcspn(name, "+")] = '\0';
	if (!strcmp(name, "?"))
		text_put(t, "0x%llx", (unsigned long long)pc);
	else
		text_put(t, "%s", name);
}

static void put_stack(struct text *t, const struct symbols *symbols,
		      const struct stack *s)
{
	for (unsigned i = s->depth; i--;) {
		put_function(t, symbols, s->pc[i]);
		text_put(t, "%s", i ? ";" : "");
	}
	text_put(t, " %llu\n", (unsigned long long)s->samples);
}

static bool write_out(int fd, const char *data, size_t bytes)
{
	while (bytes) {
		/* seccomp: write on the file */
		ssize_t n = write(fd, data, bytes);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			data += n;
			bytes -= (size_t)n;
		}
	}
	return true;
}

void profile_write(const struct profile *p, const struct machine *m, int fd)
{
	struct symbols *symbols = symbols_read(&m->symbols, &m->image);
	struct profile *merged = by_function(p, symbols);
	bool good = merged;
	char line[LINE_BYTES];
	struct text t;

	for (unsigned i = 0; good && i < STACKS; i++) {
		if (!merged->stack[i].samples)
			continue;
		text_init(&t, line, sizeof(line));
		put_stack(&t, symbols, &merged->stack[i]);
		good = write_out(fd, line, t.length);
	}
	if (!good)
		log_error("--profile: %s", strerror(errno));
	if (p->lost)
		log_info("--profile: %llu samples of more stacks than %u were "
			 "not counted",
			 (unsigned long long)p->lost, STACKS);
	free(merged);
	symbols_free(symbols);
}
