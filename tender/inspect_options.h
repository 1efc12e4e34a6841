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
	INSPECT_OPTION_END
};

#define INSPECT_LONG_OPTIONS                            \
	{                                               \
		"gdb", optional_argument, NULL, OPT_GDB \
	}

#define INSPECT_HELP                                                       \
	"  --gdb[=PORT|ADDRESS:PORT|unix:PATH][,later]\n"                  \
	"                      wait for a debugger on 127.0.0.1 (default " \
	"port 1234)\n"                                                     \
	"                      or a socket; later: start without it\n"

/* Takes option @id with @arg (NULL: none). False after printing why not. */
bool inspect_option(struct inspect_options *o, int id, const char *arg);
void inspect_options_finish(struct inspect_options *o);

#endif
