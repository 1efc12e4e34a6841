/* SPDX-License-Identifier: ISC */
#include "inspect_options.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

static bool read_port(const char *text, uint16_t *port)
{
	unsigned n = 0;

	if (!*text || strlen(text) > 5)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (unsigned)(*text - '0');
	}
	*port = (uint16_t)n;
	return n <= UINT16_MAX;
}

/* "PORT" or "ADDRESS:PORT", in @copy, which is cut into its parts. */
static bool read_tcp(struct gdb_option *gdb, char *copy)
{
	char *colon = strrchr(copy, ':');
	struct in_addr address;

	if (!colon)
		return read_port(copy, &gdb->port);
	*colon = '\0';
	gdb->address = copy;
	return inet_pton(AF_INET, copy, &address) == 1 &&
	       read_port(colon + 1, &gdb->port);
}

static bool parse_gdb(struct gdb_option *gdb, const char *arg)
{
	static const char unix_prefix[] = "unix:", later[] = "later";
	char *copy, *end;

	free(gdb->text);
	*gdb = (struct gdb_option){
		.on = true,
		.address = "127.0.0.1",
		.port = GDB_DEFAULT_PORT,
	};
	if (!arg)
		return true;
	copy = gdb->text = strdup(arg);
	if (!copy) {
		log_error("out of memory");
		return false;
	}
	end = strrchr(copy, ',');
	if (!strcmp(copy, later))
		end = copy;
	if (end && !strcmp(end + (*end == ','), later)) {
		gdb->later = true;
		*end = '\0';
	}
	if (!strncmp(copy, unix_prefix, sizeof(unix_prefix) - 1))
		gdb->path = copy + sizeof(unix_prefix) - 1;
	if (gdb->path ? *gdb->path
		      : (gdb->later && !*copy) || read_tcp(gdb, copy))
		return true;
	log_error("--gdb=%s: expected a port, ADDRESS:PORT or unix:PATH, or "
		  "later",
		  arg);
	return false;
}

bool inspect_option(struct inspect_options *o, int id, const char *arg)
{
	switch (id) {
	case OPT_GDB:
		return parse_gdb(&o->gdb, arg);
	default:
		return false;
	}
}

void inspect_options_finish(struct inspect_options *o)
{
	free(o->gdb.text);
}
