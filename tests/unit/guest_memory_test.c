/* SPDX-License-Identifier: ISC */
/*
 * guest_mem_range() held against a model that knows one byte at a time, over
 * every way to give each of a few pages its access.
 */
#include "guest_memory.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "memory_map.h"
#include "tap.h"

#define PAGE  BP_PAGE_BYTES
#define PAGES 5u
#define BYTES (PAGES * PAGE)
#define KINDS 4u /* what a page may be: no region, r--, r-x, rw- */

static const unsigned kind_access[KINDS] = {
	0,
	GUEST_READ,
	GUEST_READ | GUEST_EXEC,
	GUEST_READ | GUEST_WRITE,
};

/* In how many bytes from here on the guest has that access: [access][gpa]. */
static uint32_t run[8][BYTES + 1];

/* Calls every @kind digit of @layout, base KINDS, a page; fills the model. */
static void model_fill(unsigned layout)
{
	unsigned kind[PAGES];

	for (unsigned i = 0; i < PAGES; i++, layout /= KINDS)
		kind[i] = layout % KINDS;
	for (unsigned access = 0; access < 8; access++) {
		run[access][BYTES] = 0;
		for (unsigned at = BYTES; at-- > 0;) {
			unsigned has = kind_access[kind[at / PAGE]];
			bool good = has && (has & access) == access;

			run[access][at] = good ? run[access][at + 1] + 1 : 0;
		}
	}
}

static bool model_inside(uint64_t gpa, uint64_t bytes, unsigned access)
{
	/* An empty range is inside when its address is. */
	return gpa < BYTES && run[access][gpa] >= (bytes ? bytes : 1);
}

static void add_layout(struct guest_mem *mem, unsigned layout)
{
	mem->region_count = 0;
	for (unsigned i = 0; i < PAGES; i++, layout /= KINDS) {
		unsigned access = kind_access[layout % KINDS];

		if (access &&
		    guest_mem_add_region(mem, i * PAGE, (i + 1) * PAGE, access))
			EXPECT(false, "page %u was refused", i);
	}
}

/* Every page boundary and its neighbours, and numbers that wrap. */
static unsigned edges(uint64_t *edge)
{
	static const uint64_t far[] = {
		BYTES + 3 * PAGE, 1ULL << 31,	   1ULL << 32,
		1ULL << 63,	  -(uint64_t)PAGE, -(uint64_t)PAGE - 1,
		UINT64_MAX - 1,	  UINT64_MAX,
	};
	unsigned n = 0;

	for (uint64_t page = 0; page <= PAGES + 1; page++)
		for (uint64_t near = 0; near < 3; near++)
			edge[n++] = page * PAGE + near - 1;
	for (unsigned i = 0; i < COUNT_OF(far); i++)
		edge[n++] = far[i];
	return n;
}

static void check(const struct guest_mem *mem, uint64_t gpa, uint64_t bytes,
		  unsigned access)
{
	const void *got = guest_mem_range(mem, gpa, bytes, access);
	const void *want =
		model_inside(gpa, bytes, access) ? mem->base + gpa : NULL;

	EXPECT(got == want, "gpa 0x%llx, 0x%llx bytes, access %u: %s",
	       (unsigned long long)gpa, (unsigned long long)bytes, access,
	       got ? "given out" : "refused");
}

static void test_range(struct guest_mem *mem)
{
	uint64_t edge[64];
	unsigned n = edges(edge), layouts = 1;

	for (unsigned i = 0; i < PAGES; i++)
		layouts *= KINDS;
	for (unsigned layout = 0; layout < layouts; layout++) {
		add_layout(mem, layout);
		model_fill(layout);
		for (unsigned i = 0; i < n; i++)
			for (unsigned j = 0; j < n; j++)
				for (unsigned access = 0; access < 8;
				     access++) {
					/* up to an edge, and as a length */
					check(mem, edge[i], edge[j] - edge[i],
					      access);
					check(mem, edge[i], edge[j], access);
				}
	}
	promise("guest_mem_range says what a model by the byte says, for "
		"every layout of pages and every edge");
}

static void test_range_random(struct guest_mem *mem)
{
	uint64_t seed = 1;

	for (unsigned i = 0; i < 20000; i++) {
		unsigned layout = (unsigned)(random_next(&seed) % 1024);

		if (i % 200 == 0) {
			add_layout(mem, layout);
			model_fill(layout);
		}
		for (unsigned j = 0; j < 50; j++)
			check(mem, random_next(&seed) % (BYTES + PAGE),
			      random_next(&seed) % (BYTES >> j % 14),
			      (unsigned)random_next(&seed) % 8);
	}
	promise("so it does for random ranges");
}

static void test_restrict(struct guest_mem *mem)
{
	uint64_t edge[64];
	unsigned n = edges(edge), layouts = 1;

	mem->region_count = 0;
	EXPECT(!guest_mem_add_region(mem, 0, BYTES, GUEST_READ | GUEST_WRITE),
	       "refused");
	for (unsigned i = 0; i < PAGES; i++)
		layouts *= KINDS;
	for (unsigned layout = 0; layout < layouts; layout++) {
		unsigned left = layout, exec = 0;

		for (unsigned i = 0; i < PAGES; i++, left /= KINDS) {
			unsigned access = kind_access[left % KINDS];

			exec |= access & GUEST_EXEC;
			if (!exec && guest_mem_restrict(mem, i * PAGE,
							(i + 1) * PAGE, access))
				EXPECT(false, "page %u was refused", i);
		}
		if (exec)
			continue;
		model_fill(layout);
		for (unsigned i = 0; i < n; i++)
			for (unsigned j = 0; j < n; j++)
				for (unsigned access = 1; access < 8; access++)
					check(mem, edge[i], edge[j] - edge[i],
					      access);
	}
	guest_mem_restrict(mem, 0, BYTES, GUEST_READ | GUEST_WRITE);
	promise("so it does for what was taken from pages of one region");
}

/* Where what was taken is counted by 2 MiB. */
static void test_restrict_large(void)
{
	const unsigned pages = 3 * 512 + 7;
	struct guest_mem mem;
	uint8_t model[3 * 512 + 7];
	uint64_t seed = 3;

	if (guest_mem_init(&mem, pages * PAGE, 0) ||
	    guest_mem_add_region(&mem, 0, pages * PAGE,
				 GUEST_READ | GUEST_WRITE))
		exit(1);
	memset(model, GUEST_READ | GUEST_WRITE, sizeof(model));
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t from = random_next(&seed) % pages;
		uint64_t r = random_next(&seed);
		uint64_t to = from + 1 + r % 1000 % (pages - from);
		unsigned access = (unsigned)(r >> 40) % 4 & 3;
		bool all = true;

		if (r >> 60 == 0 || i % 100 == 0) {
			guest_mem_restrict(&mem, from * PAGE, to * PAGE,
					   access);
			memset(model + from, (int)access, to - from);
		}
		access = 1 + (unsigned)(r >> 50) % 2;
		for (uint64_t at = from; at < to; at++)
			all &= (model[at] & access) == access;
		EXPECT(all == (guest_mem_range(&mem, from * PAGE + 1,
					       (to - from) * PAGE - 1,
					       access) != NULL),
		       "pages %llu to %llu, access %u",
		       (unsigned long long)from, (unsigned long long)to,
		       access);
		if (i % 1000 == 999) {
			guest_mem_restrict(&mem, 0, mem.bytes,
					   GUEST_READ | GUEST_WRITE);
			memset(model, GUEST_READ | GUEST_WRITE, sizeof(model));
		}
	}
	guest_mem_finish(&mem);
	promise("so it does for much memory, some of it taken and given back");
}

static void test_policy(struct guest_mem *mem)
{
	mem->region_count = 0;
	if (guest_mem_add_region(mem, PAGE, 2 * PAGE,
				 GUEST_READ | GUEST_WRITE) ||
	    guest_mem_add_region(mem, 2 * PAGE, 3 * PAGE,
				 GUEST_READ | GUEST_EXEC))
		EXPECT(false, "refused");
	EXPECT(guest_mem_policy(mem, PAGE, 2 * PAGE) == 3 &&
		       guest_mem_policy(mem, 2 * PAGE, 3 * PAGE) == 5 &&
		       guest_mem_policy(mem, PAGE, 3 * PAGE) == 1,
	       "not what all the regions allow");
	EXPECT(guest_mem_policy(mem, PAGE, 4 * PAGE) == -EINVAL &&
		       guest_mem_policy(mem, 0, PAGE) == -EINVAL &&
		       guest_mem_policy(mem, PAGE, PAGE) == -EINVAL &&
		       guest_mem_policy(mem, 2 * PAGE, PAGE) == -EINVAL &&
		       guest_mem_policy(mem, PAGE + 1, 2 * PAGE) == -EINVAL &&
		       guest_mem_policy(mem, PAGE, 2 * PAGE - 1) == -EINVAL,
	       "a policy of what are no pages of regions");
	promise("the policy of a range is what each of its regions allows");
}

static void test_release(bool shared)
{
	struct guest_mem mem;
	int err = shared ? guest_mem_init_shared(&mem, 4 * PAGE, 0)
			 : guest_mem_init(&mem, 4 * PAGE, 0);

	if (err || guest_mem_add_region(&mem, 0, 4 * PAGE, GUEST_READ))
		exit(1);
	memset(mem.base, 7, 4 * PAGE);
	EXPECT(!guest_mem_release(&mem, PAGE, 3 * PAGE), "refused");
	EXPECT(mem.base[PAGE - 1] == 7 && !mem.base[PAGE] &&
		       !mem.base[3 * PAGE - 1] && mem.base[3 * PAGE] == 7,
	       "not these pages became zero");
	guest_mem_finish(&mem);
	promise(shared ? "memory that is shared is zero when it was released"
		       : "memory is zero when it was released");
}

static void test_last_byte(struct guest_mem *mem)
{
	mem->region_count = 0;
	EXPECT(!guest_mem_add_region(mem, 0, BYTES, GUEST_READ), "refused");
	EXPECT(guest_mem_range(mem, BYTES - 1, 1, GUEST_READ) ==
		       mem->base + BYTES - 1,
	       "the last byte is refused");
	EXPECT(guest_mem_range(mem, 0, BYTES, GUEST_READ) == mem->base,
	       "all of memory is refused");
	EXPECT(!guest_mem_range(mem, BYTES - 1, 2, GUEST_READ),
	       "the page tables behind memory are given out");
	EXPECT(!guest_mem_range(mem, BYTES, 0, GUEST_READ),
	       "an empty range at the end of memory is given out");
	promise("the last byte of memory is the guest's, the page tables "
		"behind it are not");
}

static void test_add_region(struct guest_mem *mem)
{
	static const struct {
		uint64_t start, end;
		int result;
		const char *what;
	} row[] = {
		{PAGE, PAGE, -EINVAL, "empty"},
		{2 * PAGE, PAGE, -EINVAL, "turned around"},
		{PAGE, BYTES + PAGE, -EINVAL, "into the page tables"},
		{BYTES, BYTES + PAGE, -EINVAL, "the page tables"},
		{PAGE, UINT64_MAX, -EINVAL, "to the end of all addresses"},
		{PAGE, 0, -EINVAL, "wrapped"},
		{PAGE + 1, 2 * PAGE, -EINVAL, "starts inside a page"},
		{PAGE, 2 * PAGE - 1, -EINVAL, "ends inside a page"},
		{PAGE, 3 * PAGE, 0, "good"},
		{PAGE, 3 * PAGE, -EINVAL, "the same again"},
		{2 * PAGE, 4 * PAGE, -EINVAL, "overlaps the last"},
		{0, PAGE, -EINVAL, "before the last"},
		{3 * PAGE, 4 * PAGE, 0, "touches the last"},
		{4 * PAGE, BYTES, 0, "up to the end of memory"},
	};
	struct guest_mem before;

	mem->region_count = 0;
	for (unsigned i = 0; i < COUNT_OF(row); i++) {
		int result;

		before = *mem;
		result = guest_mem_add_region(mem, row[i].start, row[i].end,
					      GUEST_READ);
		EXPECT(result == row[i].result, "%s: %d", row[i].what, result);
		EXPECT(!result || !memcmp(&before, mem, sizeof(before)),
		       "%s: refused, but changed something", row[i].what);
	}
	promise("guest_mem_add_region refuses what is out of order, out of "
		"memory or not whole pages");
}

static void test_region_limit(void)
{
	struct guest_mem mem;
	uint64_t at = 0;
	int err = guest_mem_init(&mem, (GUEST_MAX_REGIONS + 1) * PAGE, 0);

	EXPECT(!err, "guest_mem_init: %d", err);
	for (; !err && at < GUEST_MAX_REGIONS * PAGE; at += PAGE)
		EXPECT(!guest_mem_add_region(&mem, at, at + PAGE, GUEST_READ),
		       "region %llu is refused",
		       (unsigned long long)(at / PAGE));
	EXPECT(guest_mem_add_region(&mem, at, at + PAGE, GUEST_READ) == -ENOSPC,
	       "one region more than there is room for");
	EXPECT(guest_mem_range(&mem, at - 1, 1, GUEST_READ) &&
		       !guest_mem_range(&mem, at, 1, GUEST_READ),
	       "the last region does not count, or the refused one does");
	promise("one region too many is refused, the last one counts");
	guest_mem_finish(&mem);
}

static void test_init(void)
{
	struct guest_mem mem = {0};
	uint8_t zero[PAGE] = {0};

	EXPECT(!guest_mem_init(&mem, 2 * PAGE, PAGE), "refused");
	EXPECT(mem.bytes == 2 * PAGE && mem.mapped_bytes == 3 * PAGE,
	       "sizes are wrong");
	for (unsigned i = 0; i < 3; i++)
		EXPECT(!memcmp(mem.base + i * PAGE, zero, PAGE),
		       "page %u is not zero", i);
	EXPECT(!guest_mem_range(&mem, 0, 1, 0), "a region without asking");
	guest_mem_finish(&mem);
	mem = (struct guest_mem){.bytes = 7};
	EXPECT(guest_mem_init(&mem, 1ULL << 62, PAGE) == -ENOMEM,
	       "more memory than there are addresses");
	EXPECT(mem.bytes == 7 && !mem.base, "an output written on failure");
	promise("guest memory comes zeroed, with no region, or not at all");
}

static void test_windows(void)
{
	struct guest_mem mem;
	uint64_t gpa, before = 0;

	EXPECT(!guest_mem_init(&mem, BYTES, PAGE), "guest_mem_init");
	for (unsigned i = 0; i < GUEST_MAX_WINDOWS; i++) {
		EXPECT(!guest_mem_add_window(&mem, &mem, (i + 1) * PAGE, &gpa),
		       "window %u is refused", i);
		EXPECT(gpa >= BP_DISKS_START && gpa % (2 << 20) == 0 &&
			       gpa >= before + PAGE,
		       "window %u at 0x%llx", i, (unsigned long long)gpa);
		before = gpa + (i + 1) * PAGE;
		EXPECT(guest_mem_in_window(&mem, gpa) &&
			       guest_mem_in_window(&mem, before - 1) &&
			       !guest_mem_in_window(&mem, before) &&
			       !guest_mem_in_window(&mem, gpa - 1),
		       "not in window %u, or beside it", i);
		EXPECT(!guest_mem_range(&mem, gpa, 1, GUEST_READ) &&
			       !guest_mem_debug(&mem, gpa, 1) &&
			       guest_mem_policy(&mem, gpa, gpa + PAGE) < 0,
		       "window %u is memory", i);
	}
	EXPECT(guest_mem_add_window(&mem, &mem, PAGE, &gpa) == -ENOSPC,
	       "one more than there is room for");
	mem.window_count = 0;
	EXPECT(guest_mem_add_window(&mem, &mem,
				    BP_DISKS_END - BP_DISKS_START + PAGE,
				    &gpa) == -ENOSPC &&
		       guest_mem_add_window(&mem, &mem, ~0ULL << 12, &gpa) ==
			       -ENOSPC,
	       "a window past the end");
	EXPECT(!guest_mem_add_window(&mem, &mem, BP_DISKS_END - BP_DISKS_START,
				     &gpa) &&
		       guest_mem_add_window(&mem, &mem, PAGE, &gpa) == -ENOSPC,
	       "all of it, or more than that");
	promise("windows lie apart, above memory, and are none for the tender");
	guest_mem_finish(&mem);
}

int main(void)
{
	struct guest_mem mem;

	test_init();
	if (guest_mem_init(&mem, BYTES, PAGE))
		return 1;
	test_range(&mem);
	test_range_random(&mem);
	test_restrict(&mem);
	test_policy(&mem);
	test_last_byte(&mem);
	test_add_region(&mem);
	guest_mem_finish(&mem);
	test_region_limit();
	test_restrict_large();
	test_release(false);
	test_release(true);
	test_windows();
	return promises_end();
}
