/* SPDX-License-Identifier: ISC */
#include "guest_plan_x86_64.h"

#include <dirent.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest_memory.h"
#include "sandbox_ids.h"

#define FIXED_CALLS 10 /* and those for regions, windows and descriptors */

#define LOAD(field, more)                  \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
		 offsetof(struct seccomp_data, field) + (more))
/* Goes on when it is @value, else skips @skip. */
#define IS(value, skip) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, skip)

/*
 * Allows munmap from the place of the child's calls, and mprotect with the key
 * as sixth argument, but nothing to be written and executed. The rest stops it.
 */
static void write_filter(struct child_plan *plan, uint64_t place, uint64_t key)
{
	const struct sock_filter code[PLAN_FILTER_LENGTH] = {
		LOAD(arch, 0),
		IS(AUDIT_ARCH_X86_64, 16),
		LOAD(nr, 0),
		IS(SYS_munmap, 5),
		LOAD(instruction_pointer, 0),
		IS(place, 12),
		LOAD(instruction_pointer, 4),
		IS(place >> 32, 10),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		IS(SYS_mprotect, 8),
		LOAD(args[5], 0),
		IS(key, 6),
		LOAD(args[5], 4),
		IS(key >> 32, 4),
		LOAD(args[2], 0),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, PROT_WRITE | PROT_EXEC),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROT_WRITE | PROT_EXEC, 1,
			 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
	};

	memcpy(plan->filter, code, sizeof(code));
	plan->program.len = PLAN_FILTER_LENGTH;
	plan->program.filter = plan->filter;
}

/*
 * mremap() of no bytes makes a second mapping of the same shared pages. The
 * tender is position-independent: it lies above all of guest memory.
 */
static struct child_call *map_region(struct child_call *at,
				     const struct guest_mem *mem,
				     const struct guest_region *r)
{
	const unsigned as_in_tender = GUEST_READ | GUEST_WRITE;
	uint64_t bytes = r->end - r->start;

	*at++ = (struct child_call){
		SYS_mremap,
		{(uintptr_t)mem->base + r->start, 0, bytes,
		 MREMAP_MAYMOVE | MREMAP_FIXED, r->start},
		r->start,
		CHILD_LOW_ADDRESS,
	};
	if (r->access == as_in_tender)
		return at;
	*at++ = (struct child_call){
		SYS_mprotect,
		{r->start, bytes,
		 (r->access & GUEST_READ ? PROT_READ : 0u) |
			 (r->access & GUEST_WRITE ? PROT_WRITE : 0u) |
			 (r->access & GUEST_EXEC ? PROT_EXEC : 0u)},
		0,
		CHILD_EXECUTABLE,
	};
	return at;
}

static struct child_call *unmap(struct child_call *at, uint64_t start,
				uint64_t end)
{
	*at++ = (struct child_call){
		SYS_munmap, {start, end - start}, 0, CHILD_UNMAP};
	return at;
}

/*
 * All that is above guest memory, but for windows. The last of these calls
 * takes away the code that makes it.
 */
static struct child_call *unmap_rest(struct child_call *at,
				     const struct guest_mem *mem)
{
	uint64_t start = mem->bytes;

	for (unsigned i = 0; i < mem->window_count; i++) {
		at = unmap(at, start, mem->window[i].start);
		start = mem->window[i].end;
	}
	return unmap(at, start, ADDRESSES_END);
}

/* As a region: a second mapping of the same file, which is shared, too. */
static struct child_call *map_window(struct child_call *at,
				     const struct guest_window *w)
{
	*at++ = (struct child_call){
		SYS_mremap,
		{(uintptr_t)w->at, 0, w->end - w->start,
		 MREMAP_MAYMOVE | MREMAP_FIXED, w->start},
		w->start,
		CHILD_LOW_ADDRESS,
	};
	return at;
}

/*
 * The calls that close what is open, one by one; only counted when @at is
 * NULL. Their number, or -ENOSYS.
 */
static int close_each(struct child_call *at)
{
	DIR *open_now = opendir("/proc/self/fd");
	const struct dirent *entry;
	int count = 0;

	if (!open_now)
		return -ENOSYS;
	while ((entry = readdir(open_now))) {
		long fd = strtol(entry->d_name, NULL, 10);

		if (*entry->d_name == '.' || fd == dirfd(open_now))
			continue;
		/* One that cannot write its data says so, and is closed. */
		if (at)
			at[count] = (struct child_call){
				SYS_close, {(uint64_t)fd}, 0, CHILD_GOES_ON};
		count++;
	}
	closedir(open_now);
	return count;
}

/* As sandbox_drop_ids() does: the tender must be able to signal it. */
static struct child_call *drop_root(struct child_call *at)
{
	*at++ = (struct child_call){SYS_setgroups, {0}, 0, CHILD_GOES_ON};
	*at++ = (struct child_call){
		SYS_setresgid, {NOBODY, NOBODY, NOBODY}, 0, CHILD_GOES_ON};
	*at++ = (struct child_call){
		SYS_setresuid, {NOBODY, NOBODY, NOBODY}, 0, CHILD_GOES_ON};
	return at;
}

/* @each: how many descriptors to close one by one; 0: all by one call. */
static void write_calls(struct child_plan *plan, const struct guest_mem *mem,
			bool drop_ids, int each)
{
	struct child_call *at = plan->call;

	/* First, as the kernel forgets the signal of a parent's death there. */
	if (drop_ids)
		at = drop_root(at);
	*at++ = (struct child_call){
		SYS_prctl, {PR_SET_PDEATHSIG, SIGKILL}, 0, CHILD_LOCK};
	/* Did it die before that? */
	*at++ = (struct child_call){
		SYS_getppid, {0}, (uint64_t)getpid(), CHILD_TRACE};
	/* Early, as locks on disks live as long as any copy of them. */
	if (each)
		at += close_each(at);
	else
		*at++ = (struct child_call){
			SYS_close_range, {0, ~0U}, 0, CHILD_FILES};
	*at++ = (struct child_call){
		SYS_ptrace, {PTRACE_TRACEME}, 0, CHILD_TRACE};
	for (unsigned i = 0; i < mem->region_count; i++)
		at = map_region(at, mem, &mem->region[i]);
	for (unsigned i = 0; i < mem->window_count; i++)
		at = map_window(at, &mem->window[i]);
	*at++ = (struct child_call){
		SYS_prctl, {PR_SET_NO_NEW_PRIVS, 1}, 0, CHILD_LOCK};
	*at++ = (struct child_call){
		SYS_seccomp,
		{SECCOMP_SET_MODE_FILTER, 0, (uintptr_t)&plan->program},
		0,
		CHILD_FILTER,
	};
	unmap_rest(at, mem);
}

int guest_plan_make(struct child_plan **plan, const struct guest_mem *mem,
		    bool drop_ids, uint64_t last_call, uint64_t *key)
{
	size_t calls =
		FIXED_CALLS + 2 * (mem->region_count + mem->window_count);
	struct child_plan *p;
	int each = 0;
	size_t bytes;

	if (getrandom(key, sizeof(*key), 0) != sizeof(*key))
		return -EIO;
	/* Kernels and profiles may lack it. This closes nothing. */
	if (syscall(SYS_close_range, ~0U, ~0U, 0U) < 0)
		each = close_each(NULL);
	if (each < 0)
		return each;
	bytes = sizeof(*p) + (calls + (size_t)each) * sizeof(p->call[0]);
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	p->bytes = bytes;
	p->vectors.fcw = 0x37f;
	p->vectors.mxcsr = 0x1f80;
	write_filter(p, last_call, *key);
	write_calls(p, mem, drop_ids && geteuid() == 0, each);
	*plan = p;
	return 0;
}

void guest_plan_free(struct child_plan *plan)
{
	munmap(plan, plan->bytes);
}
