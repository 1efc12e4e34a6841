/* SPDX-License-Identifier: ISC */
#include "guest_threads.h"

#include <string.h>

#include "cpu_state.h"
#include "debug_threads.h"
#include "machine.h"
#include "symbol.h"
#include "upcall.h"

static bool read_guest(const struct machine *m, uint64_t gpa, void *out,
		       size_t bytes)
{
	const void *from = guest_mem_range(&m->mem, gpa, bytes, GUEST_READ);

	if (from)
		memcpy(out, from, bytes);
	return from;
}

static bool read_table(const struct machine *m, uint64_t gpa,
		       struct bp_debug_threads *table)
{
	return gpa && read_guest(m, gpa, table, sizeof(*table)) &&
	       table->version == BP_DEBUG_THREADS_VERSION;
}

uint64_t guest_threads_find(const struct machine *m)
{
	struct symbols *symbols = symbols_read(&m->symbols, &m->image);
	uint64_t gpa = symbols_address(symbols, BP_DEBUG_THREADS_SYMBOL);

	symbols_free(symbols);
	return gpa;
}

static bool read_thread(const struct machine *m,
			const struct bp_debug_threads *table, uint64_t gpa,
			struct guest_thread *thread)
{
	int32_t id;

	*thread = (struct guest_thread){.gpa = gpa};
	if (!read_guest(m, gpa + table->id, &id, sizeof(id)) || id <= 0)
		return false;
	thread->id = (uint32_t)id;
	(void)read_guest(m, gpa + table->name, thread->name,
			 sizeof(thread->name));
	thread->name[sizeof(thread->name) - 1] = '\0';
	return true;
}

unsigned guest_threads_list(const struct machine *m, uint64_t table_gpa,
			    struct guest_thread *list, unsigned max)
{
	struct bp_debug_threads table;
	uint64_t at, current;
	unsigned n = 0;

	if (read_table(m, table_gpa, &table) &&
	    read_guest(m, table.current, &current, sizeof(current)) &&
	    read_thread(m, &table, current, &list[0]) &&
	    read_guest(m, table.first, &at, sizeof(at))) {
		list[n++].current = true;
		while (n < max && read_thread(m, &table, at, &list[n])) {
			if (at != current)
				n++;
			if (!read_guest(m, at + table.next, &at, sizeof(at)))
				break;
		}
		return n;
	}
	list[0] = (struct guest_thread){.id = 1, .current = true};
	return 1;
}

/* It called the scheduler: debug_threads.h. */
static bool switched(const struct machine *m, uint64_t sp,
		     struct cpu_state *state)
{
	struct {
		uint32_t mxcsr, fcw;
		uint64_t r15, r14, r13, r12, rbx, rbp, rip;
	} kept;

	if (!read_guest(m, sp, &kept, sizeof(kept)))
		return false;
	state->fpu.mxcsr = kept.mxcsr;
	state->fpu.fcw = (uint16_t)kept.fcw;
	state->regs.r15 = kept.r15;
	state->regs.r14 = kept.r14;
	state->regs.r13 = kept.r13;
	state->regs.r12 = kept.r12;
	state->regs.rbx = kept.rbx;
	state->regs.rbp = kept.rbp;
	state->regs.rip = kept.rip;
	state->regs.rsp = sp + sizeof(kept);
	return true;
}

static bool interrupted(const struct machine *m, uint64_t saved,
			struct cpu_state *state)
{
	const size_t skip = offsetof(struct bp_upcall_frame, rip);
	struct bp_upcall_frame f;

	if (!read_guest(m, saved, (char *)&f + skip, sizeof(f) - skip))
		return false;
	state->regs = (struct kvm_regs){
		.rax = f.rax,
		.rbx = f.rbx,
		.rcx = f.rcx,
		.rdx = f.rdx,
		.rsi = f.rsi,
		.rdi = f.rdi,
		.rbp = f.rbp,
		.rsp = f.rsp,
		.r8 = f.r8,
		.r9 = f.r9,
		.r10 = f.r10,
		.r11 = f.r11,
		.r12 = f.r12,
		.r13 = f.r13,
		.r14 = f.r14,
		.r15 = f.r15,
		.rip = f.rip,
		.rflags = f.rflags,
	};
	return true;
}

bool guest_thread_state(const struct machine *m, uint64_t table_gpa,
			const struct guest_thread *thread,
			struct cpu_state *state)
{
	struct bp_debug_threads table;
	int32_t was_interrupted;
	uint64_t at;

	memset(state, 0, sizeof(*state));
	if (!read_table(m, table_gpa, &table) ||
	    !read_guest(m, thread->gpa + table.tls, &state->fs_base,
			sizeof(state->fs_base)) ||
	    !read_guest(m, thread->gpa + table.interrupted, &was_interrupted,
			sizeof(was_interrupted)) ||
	    !read_guest(m,
			thread->gpa + (was_interrupted ? table.saved
						       : table.stack_pointer),
			&at, sizeof(at)))
		return false;
	return was_interrupted ? interrupted(m, at, state)
			       : switched(m, at, state);
}
