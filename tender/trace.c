/* SPDX-License-Identifier: ISC */
#include "trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hypercall.h"
#include "log.h"
#include "text.h"

#define EVENT_MAX 640

static const struct {
	const char *name;
	enum trace_kind kind;
} kinds[] = {
	{"hypercalls", TRACE_HYPERCALLS},
	{"net", TRACE_NET},
	{"block", TRACE_BLOCK},
	{"sched", TRACE_SCHED},
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

unsigned trace_kinds(const char *list)
{
	unsigned all = 0;

	for (;;) {
		size_t n = strcspn(list, ","), i = 0;

		while (i < KIND_COUNT && (strlen(kinds[i].name) != n ||
					  strncmp(kinds[i].name, list, n) != 0))
			i++;
		if (i == KIND_COUNT)
			return 0;
		all |= kinds[i].kind;
		if (!list[n])
			return all;
		list += n + 1;
	}
}

static void flush(struct trace *t)
{
	const char *at = t->buffer;

	while (t->used) {
		/* seccomp: write on the file */
		ssize_t n = write(t->fd, at, t->used);

		if (n < 0 && errno != EINTR)
			t->used = 0; /* nobody to tell within the trace */
		if (n > 0) {
			at += n;
			t->used -= (unsigned)n;
		}
	}
}

static const char *kind_name(enum trace_kind kind)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (kinds[i].kind == kind)
			return kinds[i].name;
	return "?";
}

static void put_json(struct trace *t, enum trace_kind kind, unsigned thread,
		     const char *name, const char *text, uint64_t at_ns,
		     uint64_t ns)
{
	uint64_t at = at_ns - t->start_ns;
	struct text out;

	if (sizeof(t->buffer) - t->used < EVENT_MAX)
		flush(t);
	text_init(&out, t->buffer + t->used, EVENT_MAX);
	text_put(&out, "%s{\"name\":\"%s\",\"cat\":\"%s\",\"ph\":\"X\"",
		 t->count++ ? ",\n" : "[\n", name, kind_name(kind));
	text_put(&out,
		 ",\"ts\":%" PRIu64 ".%03u,\"dur\":%" PRIu64
		 ".%03u,\"pid\":1,\"tid\":%u,\"args\":{\"text\":",
		 at / 1000, (unsigned)(at % 1000), ns / 1000,
		 (unsigned)(ns % 1000), thread);
	text_put_json(&out, text);
	text_put(&out, "}}");
	t->used += (unsigned)out.length;
}

void trace_event(struct trace *t, enum trace_kind kind, unsigned thread,
		 const char *name, const char *text, uint64_t at_ns,
		 uint64_t ns)
{
	char line[EVENT_MAX];
	struct text out;

	if (t->json) {
		put_json(t, kind, thread, name, text, at_ns, ns);
		return;
	}
	text_init(&out, line, sizeof(line));
	text_put(&out, "%12.6f %s <%.6f>\n",
		 (double)(at_ns - t->start_ns) / 1e9, text, (double)ns / 1e9);
	log_write(line, out.length);
}

static enum trace_kind kind_of(unsigned number)
{
	switch (number) {
	case BP_CALL_BLOCK_IO:
		return TRACE_BLOCK;
	case BP_CALL_NET_IO:
		return TRACE_NET;
	case BP_CALL_WAIT:
	case BP_CALL_UPCALL:
	case BP_CALL_TICK:
		return TRACE_SCHED;
	default:
		return TRACE_HYPERCALLS;
	}
}

void trace_call(struct trace *t, const struct call_record *r, uint64_t at_ns,
		uint64_t ns)
{
	enum trace_kind kind = kind_of(r->number);
	char text[256];

	if (!(t->kinds & (unsigned)(kind | TRACE_HYPERCALLS)))
		return;
	call_format(r, text, sizeof(text));
	trace_event(t, kind, 0, call_name(r->number), text, at_ns, ns);
}

void trace_finish(struct trace *t)
{
	static const char none[] = "[", end[] = "\n]\n";

	if (!t->json)
		return;
	if (!t->count) {
		memcpy(t->buffer + t->used, none, sizeof(none) - 1);
		t->used += sizeof(none) - 1;
	}
	flush(t);
	memcpy(t->buffer, end, sizeof(end) - 1);
	t->used = sizeof(end) - 1;
	flush(t);
}
