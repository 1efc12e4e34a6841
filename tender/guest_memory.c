/* SPDX-License-Identifier: ISC */
/*
 * Guest memory: one anonymous mapping of the host.
 *
 * THEORY OF OPERATION
 * The region table says what the guest's page tables let the guest do. An
 * address that comes in a hypercall is held against the same table: the guest
 * cannot use the tender to write its own text, nor to read the supervisor
 * pages. Guest memory may change under the tender's hands at any time, so
 * callers copy what they are going to judge, and judge the copy.
 *
 * What the guest gave up of its own pages by `map` is a byte a page, in a
 * mapping that is made by the first such call and touched where needed.
 */
#include "guest_memory.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

#include "memory_map.h"

#define LARGE_BYTES (2ULL << 20)
#define LARGE_PAGES (LARGE_BYTES / BP_PAGE_BYTES)
#define LARGE_MOST  (BP_MEM_MAX_BYTES / LARGE_BYTES)

struct guest_restrictions {
	uint16_t pages[LARGE_MOST]; /* that have less, of these 2 MiB */
	uint8_t taken[BP_MEM_MAX_BYTES / BP_PAGE_BYTES];
};

/* Not in a core file, nor ever compared with what other processes have. */
static void keep_private(const struct guest_mem *mem)
{
	/* A host that was built without core files or KSM says EINVAL. */
	(void)madvise(mem->base, mem->mapped_bytes, MADV_DONTDUMP);
	(void)madvise(mem->base, mem->mapped_bytes, MADV_UNMERGEABLE);
}

/*
 * One mapping in another that nobody can access, so that a step over either end
 * is a fault. It begins where a large page can, as it does for the guest.
 */
static int give(struct guest_mem *mem, uint64_t bytes, uint64_t table_bytes,
		int kind)
{
	const int flags = MAP_ANONYMOUS | MAP_NORESERVE;
	uint64_t total = bytes + table_bytes,
		 reserved = total + 2 * LARGE_BYTES;
	uint8_t *map =
		mmap(NULL, reserved, PROT_NONE, MAP_PRIVATE | flags, -1, 0);
	uint8_t *base;

	if (map == MAP_FAILED)
		return -errno;
	base = map + LARGE_BYTES - (uintptr_t)map % LARGE_BYTES;
	if (mmap(base, total, PROT_READ | PROT_WRITE, kind | MAP_FIXED | flags,
		 -1, 0) == MAP_FAILED) {
		int err = errno;

		munmap(map, reserved);
		return -err;
	}
	*mem = (struct guest_mem){
		.base = base,
		.bytes = bytes,
		.mapped_bytes = total,
		.reserved = map,
		.reserved_bytes = reserved,
		.shared = kind == MAP_SHARED,
	};
	keep_private(mem);
	return 0;
}

int guest_mem_init(struct guest_mem *mem, uint64_t bytes, uint64_t table_bytes)
{
	return give(mem, bytes, table_bytes, MAP_PRIVATE);
}

int guest_mem_init_shared(struct guest_mem *mem, uint64_t bytes,
			  uint64_t table_bytes)
{
	return give(mem, bytes, table_bytes, MAP_SHARED);
}

void guest_mem_finish(struct guest_mem *mem)
{
	munmap(mem->reserved, mem->reserved_bytes);
	mem->base = NULL;
	if (mem->restrictions)
		munmap(mem->restrictions, sizeof(*mem->restrictions));
}

void guest_mem_prefer_large(struct guest_mem *mem, uint64_t start, uint64_t end)
{
	start = (start + LARGE_BYTES - 1) / LARGE_BYTES * LARGE_BYTES;
	end = end / LARGE_BYTES * LARGE_BYTES;
	/* A host without them says EINVAL; small pages serve as well. */
	if (start < end && end <= mem->bytes)
		(void)madvise(mem->base + start, end - start, MADV_HUGEPAGE);
}

int guest_mem_add_region(struct guest_mem *mem, uint64_t start, uint64_t end,
			 unsigned access)
{
	unsigned n = mem->region_count;

	if (start >= end || end > mem->bytes)
		return -EINVAL;
	if (start % BP_PAGE_BYTES || end % BP_PAGE_BYTES)
		return -EINVAL;
	if (n && start < mem->region[n - 1].end)
		return -EINVAL;
	if (n == GUEST_MAX_REGIONS)
		return -ENOSPC;
	mem->region[n] = (struct guest_region){start, end, access};
	mem->region_count = n + 1;
	return 0;
}

/* Windows begin where a large page can, and have a gap behind them. */
int guest_mem_add_window(struct guest_mem *mem, const void *at, uint64_t bytes,
			 uint64_t *gpa)
{
	uint64_t start = BP_DISKS_START;
	unsigned n = mem->window_count;

	if (n == GUEST_MAX_WINDOWS)
		return -ENOSPC;
	if (n)
		start = (mem->window[n - 1].end / LARGE_BYTES + 2) *
			LARGE_BYTES;
	if (start > BP_DISKS_END || bytes > BP_DISKS_END - start)
		return -ENOSPC;
	mem->window[n] = (struct guest_window){start, start + bytes, at};
	mem->window_count = n + 1;
	*gpa = start;
	return 0;
}

bool guest_mem_in_window(const struct guest_mem *mem, uint64_t gpa)
{
	for (unsigned i = 0; i < mem->window_count; i++)
		if (gpa >= mem->window[i].start && gpa < mem->window[i].end)
			return true;
	return false;
}

static const struct guest_region *region_of(const struct guest_mem *mem,
					    uint64_t gpa)
{
	for (unsigned i = 0; i < mem->region_count; i++)
		if (gpa >= mem->region[i].start && gpa < mem->region[i].end)
			return &mem->region[i];
	return NULL;
}

bool guest_mem_has(const struct guest_mem *mem, uint64_t gpa)
{
	return region_of(mem, gpa);
}

int guest_mem_policy(const struct guest_mem *mem, uint64_t start, uint64_t end)
{
	const struct guest_region *r;
	unsigned access = GUEST_READ | GUEST_WRITE | GUEST_EXEC;

	if (start % BP_PAGE_BYTES || end % BP_PAGE_BYTES || start >= end)
		return -EINVAL;
	for (uint64_t at = start; at < end; at = r->end) {
		r = region_of(mem, at);
		if (!r)
			return -EINVAL;
		access &= r->access;
	}
	return (int)access;
}

static int make_restrictions(struct guest_mem *mem)
{
	void *map;

	if (mem->restrictions)
		return 0;
	/* seccomp: mmap */
	map = mmap(NULL, sizeof(*mem->restrictions), PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return -ENOMEM;
	mem->restrictions = map;
	return 0;
}

static void restrict_page(struct guest_restrictions *r, uint64_t gpa,
			  unsigned taken)
{
	uint8_t *now = &r->taken[gpa / BP_PAGE_BYTES];
	uint16_t *pages = &r->pages[gpa / LARGE_BYTES];

	if (!*now && taken)
		++*pages;
	else if (*now && !taken)
		--*pages;
	/* Not touched where nothing changes. */
	if (*now != taken)
		*now = (uint8_t)taken;
}

int guest_mem_restrict(struct guest_mem *mem, uint64_t start, uint64_t end,
		       unsigned access)
{
	int err = make_restrictions(mem);

	if (err)
		return err;
	for (uint64_t at = start; at < end; at += BP_PAGE_BYTES)
		restrict_page(mem->restrictions, at,
			      region_of(mem, at)->access & ~access);
	return 0;
}

int guest_mem_release(struct guest_mem *mem, uint64_t start, uint64_t end)
{
	/* seccomp: madvise */
	return madvise(mem->base + start, end - start,
		       mem->shared ? MADV_REMOVE : MADV_DONTNEED) < 0
		       ? -errno
		       : 0;
}

/* Whether nothing of @access was taken from the pages of a range. */
static bool unrestricted(const struct guest_mem *mem, uint64_t gpa,
			 uint64_t bytes, unsigned access)
{
	const struct guest_restrictions *r = mem->restrictions;
	uint64_t page = gpa / BP_PAGE_BYTES;
	uint64_t last = bytes ? (gpa + bytes - 1) / BP_PAGE_BYTES : page;

	if (!r)
		return true;
	for (; page <= last; page++) {
		if (!r->pages[page / LARGE_PAGES])
			page |= LARGE_PAGES - 1;
		else if (r->taken[page] & access)
			return false;
	}
	return true;
}

void *guest_mem_range(const struct guest_mem *mem, uint64_t gpa, uint64_t bytes,
		      unsigned access)
{
	uint64_t at = gpa, left = bytes;

	for (unsigned i = 0; i < mem->region_count; i++) {
		const struct guest_region *r = &mem->region[i];

		if (at < r->start)
			return NULL;
		if (at >= r->end)
			continue;
		if ((r->access & access) != access)
			return NULL;
		if (left <= r->end - at)
			return unrestricted(mem, gpa, bytes, access)
				       ? mem->base + gpa
				       : NULL;
		left -= r->end - at;
		at = r->end;
	}
	return NULL;
}

void *guest_mem_debug(const struct guest_mem *mem, uint64_t gpa, uint64_t bytes)
{
	return guest_mem_range(mem, gpa, bytes, 0);
}
