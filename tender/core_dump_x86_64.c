/* SPDX-License-Identifier: ISC */
/*
 * THEORY OF OPERATION
 * The file is laid out before anything is written: header, program headers,
 * notes, then each region of guest memory at a multiple of a page. Memory is
 * written where it is not zero, and the file is made as long as all of it, so
 * that the rest are holes. The notes "CORE" are those of Linux, for GDB. The
 * notes "HVT" are for whoever wants to make a guest of it again: what it ran
 * on, as JSON, and its vCPU, as struct cpu_state.
 */
#include "core_dump.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <sys/sysinfo.h>
#include <sys/user.h>
#include <unistd.h>

#include "cpu_state.h"
#include "guest_threads.h"
#include "log.h"
#include "machine.h"
#include "memory_map.h"
#include "text.h"
#include "vcpu_debug.h"

#ifndef HVT_VERSION
#define HVT_VERSION "unknown"
#endif

#define NOTES_MAX     (256 << 10)
#define PAGES_AT_ONCE 4096ULL /* looked at and written */
#define NOTE_MACHINE  0x100   /* of "HVT" */
#define NOTE_VCPU     0x101

struct notes {
	size_t bytes;
	uint8_t data[NOTES_MAX];
};

static void add_note(struct notes *n, const char *name, uint32_t type,
		     const void *desc, size_t bytes)
{
	size_t name_bytes = strlen(name) + 1;
	size_t padded = (name_bytes + 3) & ~(size_t)3;
	size_t all = sizeof(Elf64_Nhdr) + padded + ((bytes + 3) & ~(size_t)3);
	Elf64_Nhdr h = {
		.n_namesz = (uint32_t)name_bytes,
		.n_descsz = (uint32_t)bytes,
		.n_type = type,
	};

	if (all > sizeof(n->data) - n->bytes)
		return;
	memset(n->data + n->bytes, 0, all);
	memcpy(n->data + n->bytes, &h, sizeof(h));
	memcpy(n->data + n->bytes + sizeof(h), name, name_bytes);
	memcpy(n->data + n->bytes + sizeof(h) + padded, desc, bytes);
	n->bytes += all;
}

static void registers(struct user_regs_struct *u, const struct cpu_state *s)
{
	*u = (struct user_regs_struct){
		.rax = s->regs.rax,
		.rbx = s->regs.rbx,
		.rcx = s->regs.rcx,
		.rdx = s->regs.rdx,
		.rsi = s->regs.rsi,
		.rdi = s->regs.rdi,
		.rbp = s->regs.rbp,
		.rsp = s->regs.rsp,
		.r8 = s->regs.r8,
		.r9 = s->regs.r9,
		.r10 = s->regs.r10,
		.r11 = s->regs.r11,
		.r12 = s->regs.r12,
		.r13 = s->regs.r13,
		.r14 = s->regs.r14,
		.r15 = s->regs.r15,
		.rip = s->regs.rip,
		.eflags = s->regs.rflags,
		.orig_rax = ~0ULL,
		.cs = s->segment[CPU_CS],
		.ss = s->segment[CPU_SS],
		.ds = s->segment[CPU_DS],
		.es = s->segment[CPU_ES],
		.fs = s->segment[CPU_FS],
		.gs = s->segment[CPU_GS],
		.fs_base = s->fs_base,
		.gs_base = s->gs_base,
	};
}

static void add_thread(struct notes *n, uint64_t id, const struct cpu_state *s,
		       int signal)
{
	struct elf_prstatus status = {
		.pr_info.si_signo = signal,
		.pr_cursig = (short)signal,
		.pr_pid = (pid_t)id,
		.pr_fpvalid = 1,
	};
	struct user_regs_struct user;

	registers(&user, s);
	_Static_assert(sizeof(status.pr_reg) == sizeof(user), "as Linux");
	memcpy(&status.pr_reg, &user, sizeof(user));
	add_note(n, "CORE", NT_PRSTATUS, &status, sizeof(status));
	add_note(n, "CORE", NT_FPREGSET, &s->fpu, sizeof(s->fpu));
}

/* The first note is of the thread that GDB shows first. */
static void add_threads(struct notes *n, const struct machine *m,
			const struct cpu_state *current, int signal)
{
	struct guest_thread list[GUEST_THREADS_MAX];
	unsigned count =
		guest_threads_list(m, m->threads_gpa, list, GUEST_THREADS_MAX);
	struct cpu_state state;

	add_thread(n, list[0].id, current, signal);
	for (unsigned i = 1; i < count; i++)
		if (guest_thread_state(m, m->threads_gpa, &list[i], &state))
			add_thread(n, list[i].id, &state, 0);
}

static void add_machine(struct notes *n, const struct machine *m)
{
	char json[4096];
	struct text t;

	text_init(&t, json, sizeof(json));
	text_put(&t, "{\"tender\":\"" HVT_VERSION "\",\"image\":");
	text_put_json(&t, m->image_name);
	text_put(&t, ",\"build_id\":\"");
	for (unsigned i = 0; i < m->image.build_id_bytes; i++)
		text_put(&t, "%02x", m->image.build_id[i]);
	text_put(&t,
		 "\",\"abi\":[%u,%u],\"vcpu\":\"%s\",\"mem_bytes\":%llu,"
		 "\"hypercalls\":%llu,\"devices\":[",
		 m->image.abi.major, m->image.abi.minor, m->vcpu->ops->name,
		 (unsigned long long)m->mem.bytes,
		 (unsigned long long)m->calls.count);
	for (unsigned i = 0; i < m->device_count; i++) {
		const struct bp_device *d = &m->device[i];

		text_put(&t,
			 "%s{\"kind\":%u,\"flags\":%u,\"name\":", i ? "," : "",
			 d->kind, d->flags);
		text_put_json(&t, d->name);
		text_put(&t, ",\"capacity_bytes\":%llu}",
			 (unsigned long long)d->capacity_bytes);
	}
	text_put(&t, "]}");
	add_note(n, "HVT", NOTE_MACHINE, json, t.length + 1);
}

static int write_at(int fd, uint64_t offset, const void *data, size_t bytes)
{
	const char *at = data;

	/* seccomp: lseek, write, ftruncate on the file */
	if (lseek(fd, (off_t)offset, SEEK_SET) < 0)
		return -errno;
	while (bytes) {
		ssize_t n = write(fd, at, bytes);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			at += n;
			bytes -= (size_t)n;
		}
	}
	return 0;
}

static bool is_zero(const uint8_t *page)
{
	return !page[0] && !memcmp(page, page + 1, BP_PAGE_BYTES - 1);
}

/*
 * Finds out which pages of the range there are: to read the others would take
 * most of the time, and memory where it is shared. Where the host could have
 * put pages elsewhere, all are looked at.
 */
static void find_present(const uint8_t *from, size_t bytes, bool swaps,
			 unsigned char *present)
{
	/* seccomp: mincore */
	if (swaps || mincore((void *)(uintptr_t)from, bytes, present) < 0)
		memset(present, 1, PAGES_AT_ONCE);
}

static bool is_wanted(const uint8_t *from, uint64_t at,
		      const unsigned char *present)
{
	return present[at / BP_PAGE_BYTES] & 1 && !is_zero(from + at);
}

/* Pages that are not zero, as many at once as follow each other. */
static int write_pages(int fd, uint64_t offset, const uint8_t *from,
		       uint64_t bytes, bool swaps)
{
	unsigned char present[PAGES_AT_ONCE];
	uint64_t at = 0, start;
	int err = 0;

	find_present(from, bytes, swaps, present);
	while (!err && at < bytes) {
		start = at;
		while (at < bytes && is_wanted(from, at, present))
			at += BP_PAGE_BYTES;
		if (at > start)
			err = write_at(fd, offset + start, from + start,
				       at - start);
		while (at < bytes && !is_wanted(from, at, present))
			at += BP_PAGE_BYTES;
	}
	return err;
}

static int write_region(int fd, uint64_t offset, const uint8_t *from,
			uint64_t bytes, bool swaps)
{
	const uint64_t most = PAGES_AT_ONCE * BP_PAGE_BYTES;
	int err = 0;

	for (uint64_t at = 0; !err && at < bytes; at += most)
		err = write_pages(fd, offset + at, from + at,
				  bytes - at < most ? bytes - at : most, swaps);
	return err;
}

static bool host_swaps(void)
{
	struct sysinfo info;

	/* seccomp: sysinfo */
	return sysinfo(&info) < 0 || info.totalswap;
}

static void program_headers(const struct machine *m, Elf64_Phdr *ph,
			    size_t head_bytes, size_t note_bytes)
{
	uint64_t offset = (head_bytes + note_bytes + BP_PAGE_BYTES - 1) &
			  ~(BP_PAGE_BYTES - 1);

	ph[0] = (Elf64_Phdr){
		.p_type = PT_NOTE,
		.p_offset = head_bytes,
		.p_filesz = note_bytes,
	};
	for (unsigned i = 0; i < m->mem.region_count; i++) {
		const struct guest_region *r = &m->mem.region[i];

		ph[i + 1] = (Elf64_Phdr){
			.p_type = PT_LOAD,
			.p_flags =
				(r->access & GUEST_READ ? (uint32_t)PF_R : 0) |
				(r->access & GUEST_WRITE ? (uint32_t)PF_W : 0) |
				(r->access & GUEST_EXEC ? (uint32_t)PF_X : 0),
			.p_offset = offset,
			.p_vaddr = r->start,
			.p_filesz = r->end - r->start,
			.p_memsz = r->end - r->start,
			.p_align = BP_PAGE_BYTES,
		};
		offset += r->end - r->start;
	}
}

static int write_all(const struct machine *m, int fd, const struct notes *n)
{
	Elf64_Phdr ph[GUEST_MAX_REGIONS + 1];
	unsigned count = m->mem.region_count + 1;
	Elf64_Ehdr eh = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			    ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(eh),
		.e_ehsize = sizeof(eh),
		.e_phentsize = sizeof(ph[0]),
		.e_phnum = (uint16_t)count,
	};
	bool swaps = host_swaps();
	uint64_t end;
	int err;

	program_headers(m, ph, sizeof(eh) + count * sizeof(ph[0]), n->bytes);
	end = ph[count - 1].p_offset + ph[count - 1].p_filesz;
	/* What an earlier one left goes. */
	if (ftruncate(fd, 0) < 0 || ftruncate(fd, (off_t)end) < 0)
		return -errno;
	err = write_at(fd, 0, &eh, sizeof(eh));
	if (!err)
		err = write_at(fd, sizeof(eh), ph, count * sizeof(ph[0]));
	if (!err)
		err = write_at(fd, ph[0].p_offset, n->data, n->bytes);
	for (unsigned i = 1; !err && i < count; i++)
		err = write_region(fd, ph[i].p_offset,
				   m->mem.base + ph[i].p_vaddr, ph[i].p_filesz,
				   swaps);
	return err;
}

int core_dump_write(struct machine *m, int fd, int signal)
{
	const struct vcpu_debug_ops *ops = m->vcpu->ops->debug;
	struct notes *notes = calloc(1, sizeof(*notes));
	struct cpu_state state;
	int err = notes ? ops->read(m->vcpu, &state) : -ENOMEM;

	if (!err) {
		add_threads(notes, m, &state, signal);
		add_machine(notes, m);
		add_note(notes, "HVT", NOTE_VCPU, &state, sizeof(state));
		err = write_all(m, fd, notes);
	}
	free(notes);
	if (err)
		log_error("--core: %s", strerror(-err));
	/* A trap ends the guest; after anything else it runs on. */
	return err || signal ? err : ops->write(m->vcpu, &state);
}
