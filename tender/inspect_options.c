/* SPDX-License-Identifier: ISC */
#include "inspect_options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "trace.h"

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

/* The place of @arg in @names, or -1 after printing what there is. */
static int choose(const char *option, const char *arg, const char *const *names,
		  const char *expected)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(arg, names[i]))
			return i;
	log_error("--%s=%s: expected %s", option, arg, expected);
	return -1;
}

static bool parse_log(const char *arg)
{
	static const char *const names[] = {
		[LOG_TEXT] = "text", [LOG_JSON] = "json", NULL};
	int n = choose("log", arg, names, "text or json");

	if (n >= 0)
		log_set_format((enum log_format)n);
	return n >= 0;
}

static bool parse_log_level(const char *arg)
{
	static const char *const names[] = {
		[LOG_ERROR] = "error",
		[LOG_INFO] = "info",
		[LOG_DEBUG] = "debug",
		NULL,
	};
	int n = choose("log-level", arg, names, "error, info or debug");

	if (n >= 0)
		log_set_level((enum log_level)n);
	return n >= 0;
}

bool inspect_options_open_log(const struct inspect_options *o)
{
	const char *path = o->log_file;
	int fd;

	if (!path)
		return true;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0) {
		log_error("--log-file=%s: %s", path, strerror(errno));
		return false;
	}
	log_set_file(fd);
	return true;
}

/* "every=SECONDS", or a file. */
static bool parse_stats(struct inspect_options *o, const char *arg)
{
	static const char every[] = "every=";
	double seconds;
	char *end;

	o->stats = true;
	if (!arg)
		return true;
	if (strncmp(arg, every, sizeof(every) - 1) != 0) {
		o->stats_file = arg;
		return true;
	}
	arg += sizeof(every) - 1;
	seconds = strtod(arg, &end);
	if (*arg >= '0' && *arg <= '9' && !*end && seconds >= 0.001 &&
	    seconds <= 1e6) {
		o->stats_every_ns = (uint64_t)(seconds * 1e9);
		return true;
	}
	log_error("--stats=every=%s: expected a number of seconds, such as 10",
		  arg);
	return false;
}

/*
 * Kinds, or else a file for a timeline of all of them. A bare word is a kind
 * misspelt rather than a file.
 */
static bool parse_trace(struct inspect_options *o, const char *arg)
{
	unsigned kinds = arg ? trace_kinds(arg) : TRACE_ALL;

	if (!kinds && !strpbrk(arg, "./")) {
		log_error(
			"--trace=%s: expected kinds, of hypercalls, syscalls, "
			"block, net and sched, or a file, such as "
			"./trace.json",
			arg);
		return false;
	}
	if (!kinds)
		o->trace_file = arg;
	o->trace_kinds |= kinds ? kinds : TRACE_ALL;
	return true;
}

static bool parse_metrics(struct inspect_options *o, const char *arg)
{
	static const char prefix[] = "unix:";

	if (!strncmp(arg, prefix, sizeof(prefix) - 1) &&
	    arg[sizeof(prefix) - 1]) {
		o->metrics_path = arg + sizeof(prefix) - 1;
		return true;
	}
	log_error("--metrics=%s: expected unix:PATH", arg);
	return false;
}

bool inspect_option(struct inspect_options *o, int id, const char *arg)
{
	switch (id) {
	case OPT_GDB:
		return parse_gdb(&o->gdb, arg);
	case OPT_LOG:
		return parse_log(arg);
	case OPT_LOG_LEVEL:
		return parse_log_level(arg);
	case OPT_LOG_FILE:
		o->log_file = arg;
		return true;
	case OPT_STATS:
		return parse_stats(o, arg);
	case OPT_CORE:
		o->core_file = arg;
		return true;
	case OPT_TRACE:
		return parse_trace(o, arg);
	case OPT_PROFILE:
		o->profile_file = arg;
		return true;
	case OPT_METRICS:
		return parse_metrics(o, arg);
	default:
		return false;
	}
}

void inspect_options_finish(struct inspect_options *o)
{
	free(o->gdb.text);
}
