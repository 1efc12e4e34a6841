/* SPDX-License-Identifier: ISC */
/* The options that look into the guest. */
#ifndef INSPECT_OPTIONS_H
#define INSPECT_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include "gdb.h"

struct inspect_options {
	struct gdb_option gdb;
};

/* What getopt_long() returns for them. */
enum inspect_option_id {
	INSPECT_OPTION_FIRST = 512,
	OPT_GDB = INSPECT_OPTION_FIRST,
	OPT_LOG,
	OPT_LOG_LEVEL,
	OPT_LOG_FILE,
	INSPECT_OPTION_END
};

/* clang-format off */
#define INSPECT_LONG_OPTIONS                             \
	{"gdb", optional_argument, NULL, OPT_GDB},         \
	{"log", required_argument, NULL, OPT_LOG},         \
	{"log-level", required_argument, NULL, OPT_LOG_LEVEL}, \
	{"log-file", required_argument, NULL, OPT_LOG_FILE}
/* clang-format on */

#define INSPECT_HELP                                                       \
	"  --gdb[=PORT|ADDRESS:PORT|unix:PATH][,later]\n"                  \
	"                      wait for a debugger on 127.0.0.1 (default " \
	"port 1234)\n"                                                     \
	"                      or a socket; later: start without it\n"     \
	"  --log=text|json     how messages and reports look\n"            \
	"  --log-level=error|info|debug\n"                                 \
	"                      which of them (-q, -v)\n"                   \
	"  --log-file=FILE     where they go, with times\n"

/* Takes option @id with @arg (NULL: none). False after printing why not. */
bool inspect_option(struct inspect_options *o, int id, const char *arg);
void inspect_options_finish(struct inspect_options *o);

#endif
