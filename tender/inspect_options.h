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
	const char *log_file; /* NULL: standard error */
	bool stats;
	const char *stats_file; /* JSON; NULL: a table on standard error */
	uint64_t stats_every_ns;
	const char *core_file;
	unsigned trace_kinds;	/* enum trace_kind */
	const char *trace_file; /* for a timeline; NULL: lines */
	const char *profile_file;
	const char *metrics_path;
};

/* What getopt_long() returns for them. */
enum inspect_option_id {
	INSPECT_OPTION_FIRST = 512,
	OPT_GDB = INSPECT_OPTION_FIRST,
	OPT_LOG,
	OPT_LOG_LEVEL,
	OPT_LOG_FILE,
	OPT_STATS,
	OPT_CORE,
	OPT_TRACE,
	OPT_PROFILE,
	OPT_METRICS,
	INSPECT_OPTION_END
};

/* clang-format off */
#define INSPECT_LONG_OPTIONS                             \
	{"gdb", optional_argument, NULL, OPT_GDB},         \
	{"log", required_argument, NULL, OPT_LOG},         \
	{"log-level", required_argument, NULL, OPT_LOG_LEVEL}, \
	{"log-file", required_argument, NULL, OPT_LOG_FILE}, \
	{"stats", optional_argument, NULL, OPT_STATS}, \
	{"core", required_argument, NULL, OPT_CORE}, \
	{"trace", optional_argument, NULL, OPT_TRACE}, \
	{"profile", required_argument, NULL, OPT_PROFILE}, \
	{"metrics", required_argument, NULL, OPT_METRICS}
/* clang-format on */

#define INSPECT_HELP                                                          \
	"  --gdb[=PORT|ADDRESS:PORT|unix:PATH][,later]\n"                     \
	"                      wait for a debugger on 127.0.0.1 (default "    \
	"port 1234)\n"                                                        \
	"                      or a socket; later: start without it\n"        \
	"  --log=text|json     how messages and reports look\n"               \
	"  --log-level=error|info|debug\n"                                    \
	"                      which of them (-q, -v)\n"                      \
	"  --log-file=FILE     where they go, with times\n"                   \
	"  --stats[=FILE|every=SECONDS]\n"                                    \
	"                      what the guest cost: a table at its end, now " \
	"and\n"                                                               \
	"                      then, or JSON\n"                               \
	"  --trace[=syscalls,hypercalls,block,net,sched|FILE]\n"              \
	"                      a line for each, or a timeline for Perfetto\n" \
	"  --profile=FILE      where its time went, for flame graphs\n"       \
	"  --core=FILE         a core file of a guest that traps, for gdb\n"  \
	"  --metrics=unix:PATH statistics for Prometheus, by HTTP\n"

/* Takes option @id with @arg (NULL: none). False after printing why not. */
bool inspect_option(struct inspect_options *o, int id, const char *arg);
/* Has messages go to the file they are to go to. False after printing why not.
 */
bool inspect_options_open_log(const struct inspect_options *o);

void inspect_options_finish(struct inspect_options *o);

#endif
