/* SPDX-License-Identifier: ISC */
#include "call_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hypercall.h"

/* How an argument reads best. */
enum arg_form {
	FORM_NONE,
	FORM_NUMBER,
	FORM_ADDRESS,
	FORM_NS,
	FORM_BLOCK_OP,
	FORM_SET,
};

static const struct {
	const char *name;
	uint8_t arg[VCPU_CALL_ARGS]; /* enum arg_form */
} calls[] = {
	[BP_CALL_EXIT] = {"exit", {FORM_NUMBER}},
	[BP_CALL_CONSOLE_WRITE] = {"console_write",
				   {FORM_NUMBER, FORM_ADDRESS, FORM_NUMBER}},
	[BP_CALL_CONSOLE_READ] = {"console_read", {FORM_ADDRESS, FORM_NUMBER}},
	[BP_CALL_CLOCK_WALL] = {"clock_wall", {FORM_NONE}},
	[BP_CALL_RANDOM] = {"random", {FORM_ADDRESS, FORM_NUMBER}},
	[BP_CALL_WAIT] = {"wait", {FORM_NS, FORM_SET}},
	[BP_CALL_BLOCK_IO] = {"block_io",
			      {FORM_NUMBER, FORM_BLOCK_OP, FORM_NUMBER,
			       FORM_ADDRESS, FORM_NUMBER}},
	[BP_CALL_SET_TLS] = {"set_tls", {FORM_ADDRESS}},
	[BP_CALL_MAP] = {"map", {FORM_ADDRESS, FORM_NUMBER, FORM_NUMBER}},
	[BP_CALL_UPCALL] = {"upcall",
			    {FORM_ADDRESS, FORM_ADDRESS, FORM_ADDRESS,
			     FORM_ADDRESS}},
	[BP_CALL_TICK] = {"tick", {FORM_NS}},
	[BP_CALL_NET_IO] = {"net_io",
			    {FORM_NUMBER, FORM_ADDRESS, FORM_NUMBER,
			     FORM_ADDRESS, FORM_NUMBER}},
};

_Static_assert(sizeof(calls) / sizeof(calls[0]) == BP_CALL_COUNT,
	       "every hypercall has a name");

static const char *const statuses[] = {
	[BP_AGAIN] = "AGAIN",
	[BP_INVALID] = "INVALID",
	[BP_RANGE] = "RANGE",
	[BP_READ_ONLY] = "READ_ONLY",
	[BP_IO] = "IO",
	[BP_NO_SPACE] = "NO_SPACE",
	[BP_UNSUPPORTED] = "UNSUPPORTED",
	[BP_CLOSED] = "CLOSED",
};

const char *call_name(unsigned number)
{
	return number < BP_CALL_COUNT ? calls[number].name : "?";
}

void call_log_add(struct call_log *log, const struct vcpu_exit *exit,
		  int64_t result)
{
	struct call_record *r = &log->last[log->count++ % CALL_LOG_ENTRIES];

	r->number = exit->call.number;
	memcpy(r->arg, exit->call.arg, sizeof(r->arg));
	r->result = result;
}

const struct call_record *call_log_get(const struct call_log *log, unsigned age)
{
	if (age >= CALL_LOG_ENTRIES || age >= log->count)
		return NULL;
	return &log->last[(log->count - 1 - age) % CALL_LOG_ENTRIES];
}

static void format_arg(enum arg_form form, uint64_t value, char *text,
		       size_t bytes)
{
	static const char *const ops[] = {"read", "write", "flush", "discard"};

	if (form == FORM_NS && value == BP_WAIT_FOREVER)
		snprintf(text, bytes, "forever");
	else if (form == FORM_NS)
		snprintf(text, bytes, "%" PRIu64 " ns", value);
	else if (form == FORM_BLOCK_OP && value < sizeof(ops) / sizeof(ops[0]))
		snprintf(text, bytes, "%s", ops[value]);
	else if (form == FORM_NUMBER || form == FORM_BLOCK_OP)
		snprintf(text, bytes, "%" PRIu64, value);
	else
		snprintf(text, bytes, "0x%" PRIx64, value);
}

static void format_result(int64_t result, char *text, size_t bytes)
{
	uint64_t status = 0 - (uint64_t)result;

	if (status && status < sizeof(statuses) / sizeof(statuses[0]))
		snprintf(text, bytes, "-%s", statuses[status]);
	else
		snprintf(text, bytes, "%" PRId64, result);
}

void call_format(const struct call_record *r, char *text, size_t bytes)
{
	char args[160] = "", arg[40], result[32];
	size_t n = 0;

	for (unsigned i = 0; i < VCPU_CALL_ARGS; i++) {
		enum arg_form form = r->number < BP_CALL_COUNT
					     ? calls[r->number].arg[i]
					     : FORM_ADDRESS;

		if (form == FORM_NONE)
			break;
		format_arg(form, r->arg[i], arg, sizeof(arg));
		n += (size_t)snprintf(args + n, sizeof(args) - n, "%s%s",
				      i ? ", " : "", arg);
	}
	format_result(r->result, result, sizeof(result));
	snprintf(text, bytes, "%s(%s) = %s", call_name(r->number), args,
		 result);
}
