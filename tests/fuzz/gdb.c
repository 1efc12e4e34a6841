/* SPDX-License-Identifier: ISC */
/*
 * Whatever a debugger sends: it may change the guest's memory, and nothing
 * else.
 */
#include <stdlib.h>

#include "gdb_internal.h"
#include "guest_memory.h"
#include "machine.h"
#include "memory_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static int no_watch(struct vcpu *vcpu, const struct vcpu_watch *watch,
		    unsigned count)
{
	(void)vcpu;
	for (unsigned i = 0; i < count; i++)
		if (watch[i].address % watch[i].bytes)
			abort();
	return 0;
}

static const struct vcpu_debug_ops debug = {.watch = no_watch};
static const struct vcpu_ops ops = {.debug = &debug};

static struct machine *machine(void)
{
	static struct vcpu vcpu = {.ops = &ops};
	static struct machine m = {.vcpu = &vcpu};

	if (m.mem.base)
		return &m;
	if (guest_mem_init(&m.mem, BP_MEM_MIN_BYTES, BP_PAGE_BYTES) < 0 ||
	    guest_mem_add_region(&m.mem, BP_IMAGE_BASE,
				 BP_IMAGE_BASE + BP_PAGE_BYTES,
				 GUEST_READ | GUEST_EXEC) < 0)
		abort();
	return &m;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static struct gdb g;

	g.m = machine();
	g.fd = -1;
	g.thread_count = 1;
	g.thread[0].id = 1;
	for (size_t i = 0; i < bytes; i++) {
		if (gdb_parser_feed(&g.parser, data[i]) != GDB_PACKET)
			continue;
		g.resume = GDB_STOPPED;
		gdb_command(&g);
	}
	gdb_breakpoint_remove_all(&g.breakpoints, &g.m->mem);
	(void)gdb_watch_clear(&g);
	g.parser.state = GDB_OUTSIDE;
	return 0;
}
