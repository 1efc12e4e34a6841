/* SPDX-License-Identifier: ISC */
/* Guest memory as the tender sees it, and the one check of guest addresses. */
#ifndef GUEST_MEMORY_H
#define GUEST_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

enum guest_access {
	GUEST_READ = 1,
	GUEST_WRITE = 2,
	GUEST_EXEC = 4,
};

#define GUEST_MAX_REGIONS 32

/* A range the guest may access, [start, end), page-aligned. */
struct guest_region {
	uint64_t start;
	uint64_t end;
	unsigned access;
};

#define GUEST_MAX_WINDOWS 32

/*
 * Memory of the host's that the guest may read at [start, end), which is above
 * guest memory: a mapped file. A file can become shorter, so that only the
 * guest itself ever accesses it, never the tender.
 */
struct guest_window {
	uint64_t start;
	uint64_t end;
	const void *at;
};

/*
 * Guest-physical [0, bytes) is guest memory. The pages behind it, up to
 * mapped_bytes, hold page tables: part of the VM, but of no guest address
 * that guest_mem_range() would ever give out.
 */
struct guest_restrictions;

struct guest_mem {
	uint8_t *base;
	uint64_t bytes;
	uint64_t mapped_bytes;
	void *reserved; /* the mapping, with what is around it */
	uint64_t reserved_bytes;
	unsigned region_count;
	struct guest_region region[GUEST_MAX_REGIONS]; /* ascending */
	unsigned window_count;
	struct guest_window window[GUEST_MAX_WINDOWS]; /* ascending */
	bool shared;
	struct guest_restrictions *restrictions; /* NULL: none were made */
};

/*
 * Reserves @bytes of zeroed guest memory (a multiple of a page) and
 * @table_bytes for page tables behind it. Pages are taken from the host when
 * first touched. 0 or -errno; guest_mem_finish() undoes it.
 */
int guest_mem_init(struct guest_mem *mem, uint64_t bytes, uint64_t table_bytes);

/* The same, shared with processes that are forked later. */
int guest_mem_init_shared(struct guest_mem *mem, uint64_t bytes,
			  uint64_t table_bytes);

void guest_mem_finish(struct guest_mem *mem);

/*
 * Asks the host to back [start, end) with 2 MiB pages where it has them: a
 * first touch then costs one fault for all of these.
 */
void guest_mem_prefer_large(struct guest_mem *mem, uint64_t start,
			    uint64_t end);

/*
 * Adds a region the guest may access; regions come in ascending order and do
 * not overlap. 0, -EINVAL out of order or outside memory, -ENOSPC too many.
 */
int guest_mem_add_region(struct guest_mem *mem, uint64_t start, uint64_t end,
			 unsigned access);

/*
 * Adds a window of @bytes, whole pages, that are at @at, behind those there
 * are; *@gpa is where the guest has it. 0; -ENOSPC: no room for it.
 */
int guest_mem_add_window(struct guest_mem *mem, const void *at, uint64_t bytes,
			 uint64_t *gpa);

/* Whether @gpa is in a window. */
bool guest_mem_in_window(const struct guest_mem *mem, uint64_t gpa);

/*
 * What each page of [start, end) may be used for at most: as its region says.
 * -EINVAL when these are not whole pages, or not all in regions.
 */
int guest_mem_policy(const struct guest_mem *mem, uint64_t start, uint64_t end);

/* Whether @gpa is in a region, whatever the guest may do there now. */
bool guest_mem_has(const struct guest_mem *mem, uint64_t gpa);

/*
 * Leaves the guest @access to the pages [start, end), which is what their
 * policy allows or less. 0, or -ENOMEM, and then nothing has changed.
 */
int guest_mem_restrict(struct guest_mem *mem, uint64_t start, uint64_t end,
		       unsigned access);

/* Gives [start, end), pages in regions, back to the host: they are zero. */
int guest_mem_release(struct guest_mem *mem, uint64_t start, uint64_t end);

/*
 * The only check of a guest address in the tender: a pointer to the @bytes
 * at @gpa when the guest itself has @access to all of them, else NULL. An
 * empty range is inside when @gpa is, so that NULL is always a refusal.
 */
void *guest_mem_range(const struct guest_mem *mem, uint64_t gpa, uint64_t bytes,
		      unsigned access);

/*
 * For whoever looks at the guest from outside, a debugger or a core dump, and
 * never for an address that the guest handed over: the @bytes at @gpa when
 * they are in regions, whatever the guest may do with these. NULL if not.
 */
void *guest_mem_debug(const struct guest_mem *mem, uint64_t gpa,
		      uint64_t bytes);

#endif
