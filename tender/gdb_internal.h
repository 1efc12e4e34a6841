/* SPDX-License-Identifier: ISC */
/* What the files of the debugger's side share. */
#ifndef GDB_INTERNAL_H
#define GDB_INTERNAL_H

#include <sys/types.h>

#include "cpu_state.h"
#include "gdb.h"
#include "gdb_breakpoint.h"
#include "gdb_packet.h"
#include "guest_threads.h"
#include "vcpu_debug.h"

/* How the guest goes on, once the debugger has had its say. */
enum gdb_resume {
	GDB_STOPPED, /* not yet */
	GDB_CONTINUE,
	GDB_STEP,
	GDB_PASS_SIGNAL, /* what stopped it ends it */
	GDB_DETACH,
	GDB_KILL,
};

#define GDB_WATCH_MAX_BYTES (VCPU_MAX_WATCHES * 8ul)

/* Z1 to Z4 as GDB named it, which may take several of vcpu_watch. */
struct gdb_watch {
	char type; /* '1' to '4' */
	uint64_t gpa;
	uint64_t bytes;
	uint8_t value[GDB_WATCH_MAX_BYTES]; /* when last looked at */
};

struct gdb {
	struct machine *m;
	int listen_fd;
	int reserved_fd; /* the number that a connection gets */
	uid_t owner;	 /* whose debuggers may connect */
	int fd;		 /* that, or -1: no debugger */
	bool attached_later;
	bool no_ack;
	bool reports_swbreak; /* GDB asked for these in stop replies */
	bool reports_hwbreak;
	bool noticed;	      /* look at the sockets before the guest runs on */
	bool stop_soon;	      /* stop before the guest runs on */
	bool step_wanted;     /* by the debugger */
	bool stepping;	      /* for that, or to look at watches in between */
	bool hide_step;	      /* the step leaves a trace in the stack */
	bool watches_by_step; /* the vCPU cannot */
	enum gdb_resume resume;
	unsigned watch_count;
	unsigned slot_count;
	const struct gdb_watch *stop_at; /* stop_soon is because of that */
	unsigned thread_count;		 /* while stopped: */
	unsigned selected;		 /* whose registers GDB asks for */
	struct cpu_state state;		 /* of the current thread, thread[0] */
	struct cpu_state other;		 /* of the selected one, if another */
	struct guest_thread thread[GUEST_THREADS_MAX];
	struct vcpu_watch slot[VCPU_MAX_WATCHES];
	unsigned char slot_watch[VCPU_MAX_WATCHES]; /* whose it is */
	struct gdb_watch watch[VCPU_MAX_WATCHES];
	struct gdb_breakpoints breakpoints;
	char stop[128]; /* the last stop reply */
	size_t frame_bytes;
	char frame[GDB_FRAME_MAX];
	struct gdb_reply reply;
	struct gdb_parser parser;
};

/* gdb_command.c: carries out the packet in g->parser, answers in g->reply. */
void gdb_command(struct gdb *g);

/* gdb_query.c: those that begin with q or Q. */
void gdb_query(struct gdb *g, const char *packet);

/* gdb_watch.c: 0 or -errno. */
int gdb_watch_insert(struct gdb *g, const struct gdb_watch *watch);
int gdb_watch_remove(struct gdb *g, const struct gdb_watch *watch);
int gdb_watch_clear(struct gdb *g);
/* The watch that the vCPU says was hit, or NULL. */
const struct gdb_watch *gdb_watch_hit(struct gdb *g);
/* One whose memory has changed since it was last looked at, or NULL. */
const struct gdb_watch *gdb_watch_changed(struct gdb *g);

/* gdb_connection.c: 0, or -errno after printing why. */
int gdb_listen(struct gdb *g, const struct gdb_option *option);
/* True when somebody has come. */
bool gdb_accept(struct gdb *g);
void gdb_hang_up(struct gdb *g);
/* False when nothing is there, or nobody any more. */
bool gdb_receive(struct gdb *g, uint8_t *byte);
/* These send nothing when nobody is there. */
void gdb_send_bytes(struct gdb *g, const char *data, size_t bytes);
void gdb_send(struct gdb *g); /* g->reply, which is empty then */
void gdb_send_again(struct gdb *g);
/* A text for the user. */
void gdb_say(struct gdb *g, const char *text, size_t bytes);

#endif
