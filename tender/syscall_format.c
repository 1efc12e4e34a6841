/* SPDX-License-Identifier: ISC */
#include "syscall_format.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "syscall_form.h"
#include "syscall_names.h"
#include "text.h"

#define LAST_ERRNO 4095

/* What came with a record, taken off piece by piece, never past its end. */
struct pieces {
	const uint8_t *at;
	size_t left;
};

struct piece {
	const uint8_t *data; /* NULL: the guest gave no address */
	size_t bytes;
};

static struct pieces pieces_of(const struct bp_trace_record *r, size_t behind)
{
	size_t head = sizeof(*r) + behind;

	if (!r || r->bytes < head)
		return (struct pieces){0};
	return (struct pieces){(const uint8_t *)r + head, r->bytes - head};
}

static struct piece take(struct pieces *p)
{
	struct piece piece = {0};
	uint16_t length;

	if (p->left < sizeof(length))
		return piece;
	memcpy(&length, p->at, sizeof(length));
	p->at += sizeof(length);
	p->left -= sizeof(length);
	if (length == BP_TRACE_NOTHING)
		return piece;
	piece.data = p->at;
	piece.bytes = length < p->left ? length : p->left;
	p->at += piece.bytes;
	p->left -= piece.bytes;
	return piece;
}

/* @all: how many bytes there were. */
static void put_piece(struct text *t, struct piece piece, uint64_t all)
{
	if (!piece.data) {
		text_put_string(t, "NULL");
		return;
	}
	text_put_quoted(t, piece.data, piece.bytes);
	if (all > piece.bytes)
		text_put_string(t, "...");
}

static void put_inet(struct text *t, int family, const void *address,
		     uint16_t port)
{
	char name[INET6_ADDRSTRLEN];

	text_put_char(t, '{');
	(void)syscall_put_name(t, 'N', (uint64_t)family);
	text_put_string(t, ", ");
	text_put_string(t, inet_ntop(family, address, name, sizeof(name)));
	text_put_char(t, ':');
	text_put_unsigned(t, ntohs(port));
	text_put_char(t, '}');
}

static void put_address(struct text *t, struct piece piece, uint64_t all)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	sa_family_t family = AF_UNSPEC;

	if (piece.data && piece.bytes >= sizeof(family))
		memcpy(&family, piece.data, sizeof(family));
	if (family == AF_INET && piece.bytes >= sizeof(in)) {
		memcpy(&in, piece.data, sizeof(in));
		put_inet(t, AF_INET, &in.sin_addr, in.sin_port);
	} else if (family == AF_INET6 && piece.bytes >= sizeof(in6)) {
		memcpy(&in6, piece.data, sizeof(in6));
		put_inet(t, AF_INET6, &in6.sin6_addr, in6.sin6_port);
	} else if (family == AF_UNIX) {
		piece.data += offsetof(struct sockaddr_un, sun_path);
		piece.bytes -= offsetof(struct sockaddr_un, sun_path);
		text_put_string(t, "{AF_UNIX, ");
		put_piece(t, piece, all - sizeof(family));
		text_put_char(t, '}');
	} else {
		put_piece(t, piece, all);
	}
}

static void put_address_or_null(struct text *t, uint64_t value)
{
	if (value)
		text_put_hex(t, value);
	else
		text_put_string(t, "NULL");
}

static void put_number(struct text *t, char letter, uint64_t value)
{
	switch (letter) {
	case 'd':
		text_put_signed(t, (int32_t)value);
		break;
	case 'l':
		text_put_signed(t, (int64_t)value);
		break;
	case 'u':
		text_put_unsigned(t, value);
		break;
	case 'm':
	case 'c':
		text_put_octal(t, (uint32_t)value);
		break;
	case 'x':
		text_put_hex(t, value);
		break;
	default:
		if (!syscall_put_name(t, letter, value))
			put_address_or_null(t, value);
	}
}

/* What the call wrote, once it has. */
static void put_output(struct text *t, struct pieces *out, uint64_t address,
		       int64_t result)
{
	if (result > 0 && out->left)
		put_piece(t, take(out), (uint64_t)result);
	else
		put_address_or_null(t, address);
}

static void put_arg(struct text *t, char letter, const uint64_t *arg,
		    struct pieces *in, struct pieces *out, int64_t result)
{
	struct piece piece;

	switch (letter) {
	case 's':
		piece = take(in);
		put_piece(t, piece,
			  piece.bytes < BP_TRACE_STRING_MAX ? 0 : UINT64_MAX);
		break;
	case 'i':
		put_piece(t, take(in), arg[1]);
		break;
	case 'v':
		text_put_char(t, '[');
		piece = take(in);
		/* There may be more where all its room is taken. */
		put_piece(t, piece,
			  piece.bytes < BP_TRACE_DATA_MAX ? 0 : UINT64_MAX);
		text_put_char(t, ']');
		break;
	case 'a':
		put_address(t, take(in), (uint32_t)arg[1]);
		break;
	case 'o':
		put_output(t, out, *arg, result);
		break;
	case 'V':
		text_put_char(t, '[');
		put_output(t, out, *arg, result);
		text_put_char(t, ']');
		break;
	default:
		put_number(t, letter, *arg);
	}
}

static void put_result(struct text *t, const struct syscall_form *form,
		       int64_t result)
{
	const char *name;

	text_put_string(t, ") = ");
	if (result >= 0 || result < -LAST_ERRNO) {
		put_number(t, form->result, (uint64_t)result);
		return;
	}
	text_put_string(t, "-1 ");
	name = syscall_errno_name(-result);
	if (name)
		text_put_string(t, name);
	else
		text_put_signed(t, -result);
	text_put_string(t, " (");
	text_put_string(t, strerror((int)-result));
	text_put_char(t, ')');
}

void syscall_format(struct text *t, const struct syscall_form *form,
		    const struct bp_trace_record *call,
		    const struct bp_trace_record *result)
{
	/* One that is not used, so that data has its length behind it. */
	uint64_t arg[BP_TRACE_ARGS + 1] = {0};
	struct pieces in = pieces_of(call, BP_TRACE_ARGS * sizeof(arg[0]));
	struct pieces out = pieces_of(result, 0);
	int64_t value = result ? (int64_t)result->value : 0;
	bool creates = true;

	memcpy(arg, call + 1, BP_TRACE_ARGS * sizeof(arg[0]));
	text_put_string(t, form->name);
	text_put_char(t, '(');
	for (unsigned i = 0; i < BP_TRACE_ARGS && form->arg[i]; i++) {
		char letter = form->arg[i];

		if (letter == 'c' && !creates)
			break;
		if (i)
			text_put_string(t, ", ");
		put_arg(t, letter, &arg[i], &in, &out, value);
		if (letter == 'O')
			creates = arg[i] & O_CREAT;
	}
	if (result)
		put_result(t, form, value);
	else
		text_put_string(t, form->ends ? ") = ?" : " <unfinished ...>");
}
