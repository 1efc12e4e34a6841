/* SPDX-License-Identifier: ISC */
#include "trace.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "hypercall.h"
#include "log.h"
#include "text.h"

#define EVENT_MAX 4096 /* every byte of the longest text escaped */

static const struct {
	const char *name;
	enum trace_kind kind;
} kinds[] = {
	{"hypercalls", TRACE_HYPERCALLS},
	{"syscalls", TRACE_SYSCALLS},
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

	if (!t->json) {
		if (t->used)
			log_write(t->buffer, t->used);
		t->used = 0;
	}

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

static void put_json(struct text *out, const struct trace_span *s,
		     const char *text)
{
	text_put_string(out, "{\"name\":\"");
	text_put_string(out, s->name);
	text_put_string(out, "\",\"cat\":\"");
	text_put_string(out, kind_name(s->kind));
	text_put_string(out, "\",\"ph\":\"X\",\"ts\":");
	text_put_thousandths(out, s->at_ns);
	text_put_string(out, ",\"dur\":");
	text_put_thousandths(out, s->ns);
	text_put_string(out, ",\"pid\":1,\"tid\":");
	text_put_unsigned(out, s->thread);
	text_put_string(out, ",\"args\":{\"text\":");
	text_put_json(out, text);
	text_put_string(out, "}}");
}

static void put_line(struct text *out, const struct trace_span *s,
		     const char *text)
{
	uint64_t us = s->at_ns / 1000;

	for (uint64_t n = us < 1000000 ? 1 : us / 1000000; n < 10000; n *= 10)
		text_put_char(out, ' ');
	text_put_millionths(out, us);
	if (s->thread > 1) {
		text_put_string(out, " [");
		text_put_unsigned(out, s->thread);
		text_put_char(out, ']');
	}
	text_put_char(out, ' ');
	text_put_string(out, text);
	text_put_string(out, " <");
	text_put_millionths(out, s->ns / 1000);
	text_put_string(out, ">\n");
}

void trace_event(struct trace *t, const struct trace_span *span,
		 const char *text)
{
	struct trace_span s = *span;
	struct text out;

	s.at_ns -= t->start_ns;
	if (sizeof(t->buffer) - t->used < EVENT_MAX)
		flush(t);
	text_init(&out, t->buffer + t->used, EVENT_MAX);
	if (t->json) {
		text_put_string(&out, t->count++ ? ",\n" : "[\n");
		put_json(&out, &s, text);
	} else {
		put_line(&out, &s, text);
	}
	t->used += (unsigned)out.length;
}

void trace_lines(struct trace *t)
{
	if (!t->json)
		flush(t);
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
	trace_event(t,
		    &(struct trace_span){
			    .kind = kind,
			    .name = call_name(r->number),
			    .at_ns = at_ns,
			    .ns = ns,
		    },
		    text);
	trace_lines(t);
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
