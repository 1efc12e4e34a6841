/* SPDX-License-Identifier: ISC */
#include "inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "attention.h"
#include "core_dump.h"
#include "core_file.h"
#include "gdb.h"
#include "guest_threads.h"
#include "guest_trace.h"
#include "hypercall_dispatch.h"
#include "inspect_options.h"
#include "log.h"
#include "machine.h"
#include "memory_map.h"
#include "metrics.h"
#include "profile.h"
#include "stats.h"
#include "trace.h"

#define NS_PER_S	  1000000000ULL
#define PROFILE_PERIOD_NS 1000000ULL /* 1 kHz */
#define STATUS_SIGNAL	  128

struct inspect {
	struct stats *stats; /* shared, for metrics */
	struct gdb *gdb;
	struct trace *trace;
	struct guest_trace *guest_trace; /* NULL: not of system calls */
	struct profile *profile;
	uint64_t since_ns; /* when the guest was entered or left */
	bool stats_wanted;
	int stats_fd; /* -1: a table, among the messages */
	struct core_file core;
	int trace_fd;
	int profile_fd;
	int metrics_fd; /* its process ends when this is closed */
};

static bool wants_nothing(const struct inspect_options *o)
{
	return !o->gdb.on && !o->stats && !o->core_file && !o->trace_kinds &&
	       !o->profile_file && !o->metrics_path;
}

/* -1 with *@good unchanged when there is no @path. */
static int open_report(const char *option, const char *path, bool *good)
{
	int fd;

	if (!path)
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd >= 0)
		return fd;
	log_error("--%s=%s: %s", option, path, strerror(errno));
	*good = false;
	return -1;
}

/* By a plain system call, as musl's function brings threads along. */
static int every(struct vcpu *vcpu, uint64_t ns, int signal,
		 enum attention what)
{
	const struct itimerspec period = {
		.it_value = {.tv_sec = (time_t)(ns / NS_PER_S),
			     .tv_nsec = (long)(ns % NS_PER_S)},
		.it_interval = {.tv_sec = (time_t)(ns / NS_PER_S),
				.tv_nsec = (long)(ns % NS_PER_S)},
	};
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = signal,
	};
	int timer, err = attention_on(vcpu, signal, what);

	if (err || !ns)
		return err;
	if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) < 0 ||
	    syscall(SYS_timer_settime, timer, 0, &period, NULL) < 0)
		return -errno;
	return 0;
}

static bool begin_trace(struct inspect *i, const struct inspect_options *o)
{
	i->trace = calloc(1, sizeof(*i->trace));
	if (!i->trace)
		return false;
	i->trace->kinds = o->trace_kinds;
	i->trace->json = o->trace_file;
	i->trace->fd = i->trace_fd;
	i->trace->start_ns = i->stats->started_ns;
	return true;
}

static bool begin_memory(struct inspect *i, const struct inspect_options *o)
{
	i->stats = mmap(NULL, sizeof(*i->stats), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (i->stats == MAP_FAILED)
		return false;
	i->stats->started_ns = i->since_ns = stats_now();
	if (o->trace_kinds && !begin_trace(i, o))
		return false;
	if (o->profile_file)
		i->profile = profile_create();
	return !o->profile_file || i->profile;
}

static int begin_signals(const struct machine *m,
			 const struct inspect_options *o)
{
	int err = 0;

	if (o->stats)
		err = every(m->vcpu, o->stats_every_ns, SIGUSR1,
			    ATTENTION_STATS);
	if (!err && o->profile_file)
		err = every(m->vcpu, PROFILE_PERIOD_NS, SIGPROF,
			    ATTENTION_SAMPLE);
	if (!err && o->core_file)
		err = attention_on(m->vcpu, SIGQUIT, ATTENTION_CORE);
	return err;
}

/* What was not asked for by name is left out where it cannot be had. */
static bool begin_guest_trace(const struct machine *m,
			      const struct inspect_options *o)
{
	struct inspect *i = m->inspect;
	int err;

	if (!(o->trace_kinds & TRACE_SYSCALLS))
		return true;
	i->guest_trace = guest_trace_create(m, i->trace, &err);
	if (i->guest_trace)
		return true;
	if (err != -ENOENT) {
		log_error("out of memory");
		return false;
	}
	if (o->trace_kinds == TRACE_ALL) {
		log_debug("no trace of system calls: %s.debug has no names "
			  "of them",
			  m->image_name);
		return true;
	}
	log_error("--trace=syscalls: %s.debug, which has their names, is "
		  "missing or of another build",
		  m->image_name);
	return false;
}

bool inspect_prepare(struct machine *m, const struct inspect_options *o)
{
	bool good = true;
	struct inspect *i;

	if (wants_nothing(o))
		return true;
	i = calloc(1, sizeof(*i));
	if (!i)
		goto no_memory;
	m->inspect = i;
	i->stats_wanted = o->stats;
	i->stats_fd = open_report("stats", o->stats_file, &good);
	i->core.fd = open_report("core", o->core_file, &good);
	i->trace_fd = open_report("trace", o->trace_file, &good);
	i->profile_fd = open_report("profile", o->profile_file, &good);
	i->metrics_fd = -1;
	if (!good)
		return false;
	if (!begin_memory(i, o))
		goto no_memory;
	if (!begin_guest_trace(m, o))
		return false;
	if (o->metrics_path)
		i->metrics_fd = metrics_start(o->metrics_path, i->stats);
	if (o->metrics_path && i->metrics_fd < 0)
		return false;
	/* Behind it, which would keep its pipes open. */
	return i->core.fd < 0 || !core_file_watch(&i->core, o->core_file);

no_memory:
	log_error("out of memory");
	return false;
}

static const struct bp_boot_info *boot_info_of(const struct machine *m)
{
	return (const void *)(m->mem.base + BP_BOOT_INFO_GPA);
}

const struct bp_trace *inspect_wanted(const struct machine *m, uint32_t *bytes)
{
	const struct inspect *i = m->inspect;

	return i && i->guest_trace ? guest_trace_wanted(i->guest_trace, bytes)
				   : NULL;
}

int inspect_reserve(struct machine *m, uint64_t end_gpa)
{
	const struct inspect *i = m->inspect;

	return i && i->guest_trace
		       ? guest_trace_reserve(i->guest_trace, &m->mem, end_gpa)
		       : 0;
}

bool inspect_open(struct machine *m, const struct inspect_options *o)
{
	struct inspect *i = m->inspect;

	if (!i)
		return true;
	if (begin_signals(m, o) < 0) {
		log_error("cannot catch signals: %s", strerror(errno));
		return false;
	}
	if (o->gdb.on || o->core_file)
		m->threads_gpa = guest_threads_find(m);
	if (o->gdb.on)
		i->gdb = gdb_open(m, &o->gdb);
	if (i->guest_trace)
		guest_trace_begin(i->guest_trace, boot_info_of(m)->tsc_hz);
	i->since_ns = stats_now();
	return !o->gdb.on || i->gdb;
}

static enum inspect_verdict verdict_of(enum gdb_verdict v)
{
	switch (v) {
	case GDB_GO_ON:
		return INSPECT_GO_ON;
	case GDB_FATAL:
		return INSPECT_ALONE;
	case GDB_KILLED:
		log_error("killed by the debugger");
		return INSPECT_KILLED;
	default:
		return INSPECT_FAILED;
	}
}

/* Time since the last of these. */
static uint64_t lap(struct inspect *i)
{
	uint64_t now = stats_now(), ns = now - i->since_ns;

	i->since_ns = now;
	return ns;
}

static void print_stats(const struct inspect *i)
{
	char text[STATS_TEXT_MAX];

	if (i->stats_fd < 0 && log_format() == LOG_TEXT)
		stats_table(i->stats, text, sizeof(text));
	else
		stats_json(i->stats, text, sizeof(text));
	if (i->stats_fd < 0)
		log_write(text, strlen(text));
	/* seccomp: write on the file */
	else if (write(i->stats_fd, text, strlen(text)) < 0)
		log_error("--stats: %s", strerror(errno));
}

enum inspect_verdict inspect_before_run(struct machine *m)
{
	struct inspect *i = m->inspect;
	unsigned asked = attention_take();

	if (asked & ATTENTION_SAMPLE)
		profile_sample(i->profile, m);
	if (asked & ATTENTION_STATS)
		print_stats(i);
	if (asked & ATTENTION_CORE && core_dump_write(m, i->core.fd, 0) < 0)
		return INSPECT_FAILED;
	if (!i->gdb)
		return INSPECT_GO_ON;
	if (asked & ATTENTION_DEBUGGER)
		gdb_notice(i->gdb);
	return verdict_of(gdb_attend(i->gdb));
}

enum inspect_verdict inspect_after_run(struct machine *m,
				       const struct vcpu_exit *exit)
{
	struct inspect *i = m->inspect;

	i->stats->exits++;
	i->stats->guest_ns += lap(i);
	if (i->guest_trace)
		guest_trace_take(i->guest_trace, &m->mem, i->since_ns);
	if (exit->kind == VCPU_INTERRUPTED)
		i->stats->interrupts++;
	/* An upcall between two steps would step into its handler. */
	if (exit->kind == VCPU_INTERRUPTED && i->gdb && gdb_steps(i->gdb))
		return INSPECT_GO_ON;
	if (exit->kind != VCPU_TRAP)
		return INSPECT_ALONE;
	i->stats->traps++;
	return i->gdb ? verdict_of(gdb_trapped(i->gdb, exit)) : INSPECT_ALONE;
}

void inspect_after_call(struct machine *m, const struct vcpu_exit *exit,
			const struct call_result *result)
{
	struct inspect *i = m->inspect;
	uint64_t at_ns = i->since_ns, ns = lap(i);

	i->stats->tender_ns += ns;
	stats_add_call(i->stats, exit->call.number, ns, result->bytes);
	if (i->trace && call_log_get(&m->calls, 0))
		trace_call(i->trace, call_log_get(&m->calls, 0), at_ns, ns);
	if (i->gdb)
		gdb_called(i->gdb);
}

enum inspect_verdict inspect_violation(struct machine *m)
{
	struct inspect *i = m->inspect;

	return i->gdb ? verdict_of(gdb_violation(i->gdb)) : INSPECT_ALONE;
}

void inspect_died(struct machine *m, int signal)
{
	const struct inspect *i = m->inspect;

	if (i->core.fd >= 0 && core_dump_write(m, i->core.fd, signal) >= 0)
		log_info("core dumped");
}

void inspect_close(struct machine *m, int status)
{
	struct inspect *i = m->inspect;

	if (i->core.fd >= 0)
		core_file_close(&i->core);
	if (i->guest_trace)
		guest_trace_finish(i->guest_trace, stats_now());
	if (i->trace)
		trace_finish(i->trace);
	if (i->profile)
		profile_write(i->profile, m, i->profile_fd);
	if (i->stats_wanted)
		print_stats(i);
	if (i->gdb)
		gdb_close(i->gdb, status, m->ended_by);
	free(i->profile);
	guest_trace_destroy(i->guest_trace);
	free(i->trace);
	free(i);
	m->inspect = NULL;
}

void inspect_stats_text(const struct machine *m, char *text, size_t bytes)
{
	if (m->inspect)
		stats_table(m->inspect->stats, text, bytes);
	else
		*text = '\0';
}

void inspect_files(const struct machine *m, struct inspect_files *files)
{
	const struct inspect *i = m->inspect;
	const int report[] = {i->stats_fd, i->core.fd, i->trace_fd,
			      i->profile_fd, i->metrics_fd};

	*files = (struct inspect_files){.debugger = -1, .debug_listen = -1};
	for (size_t n = 0; n < sizeof(report) / sizeof(report[0]); n++)
		if (report[n] >= 0)
			files->report[files->report_count++] = report[n];
	files->core_alive = i->core.fd < 0 ? -1 : i->core.alive;
	files->core_said = i->core.fd < 0 ? -1 : i->core.said;
	if (i->gdb)
		gdb_files(i->gdb, &files->debugger, &files->debug_listen);
}
