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
 */
#include "guest_memory.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

#include "memory_map.h"

#define LARGE_BYTES (2ULL << 20)

int guest_mem_init(struct guest_mem *mem, uint64_t bytes, uint64_t table_bytes)
{
	uint64_t total = bytes + table_bytes;
	uintptr_t start, skip;
	void *map;

	map = mmap(NULL, total + LARGE_BYTES, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return -errno;
	/* Large pages of the host and of the guest are to coincide. */
	start = (uintptr_t)map;
	skip = (LARGE_BYTES - start % LARGE_BYTES) % LARGE_BYTES;
	if (skip)
		munmap(map, skip);
	munmap((char *)map + skip + total, LARGE_BYTES - skip);
	*mem = (struct guest_mem){
		.base = (uint8_t *)map + skip,
		.bytes = bytes,
		.mapped_bytes = total,
	};
	return 0;
}

int guest_mem_init_shared(struct guest_mem *mem, uint64_t bytes,
			  uint64_t table_bytes)
{
	uint64_t total = bytes + table_bytes;
	void *map = mmap(NULL, total, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (map == MAP_FAILED)
		return -errno;
	*mem = (struct guest_mem){
		.base = map,
		.bytes = bytes,
		.mapped_bytes = total,
	};
	return 0;
}

void guest_mem_finish(struct guest_mem *mem)
{
	munmap(mem->base, mem->mapped_bytes);
	mem->base = NULL;
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
			return mem->base + gpa;
		left -= r->end - at;
		at = r->end;
	}
	return NULL;
}

void *guest_mem_debug(const struct guest_mem *mem, uint64_t gpa, uint64_t bytes)
{
	return guest_mem_range(mem, gpa, bytes, 0);
}
