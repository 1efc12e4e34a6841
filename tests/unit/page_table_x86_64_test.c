/* SPDX-License-Identifier: ISC */
/*
 * The page tables, walked as the CPU walks them (Intel SDM volume 3, 4.5),
 * against the region table: what ring 3 and ring 0 may do to each page.
 */
#include "page_table_x86_64.h"

#include <stdlib.h>
#include <string.h>

#include "guest_memory.h"
#include "tap.h"
#include "trap_x86_64.h"

#define PAGE BP_PAGE_BYTES

#define P     1ULL
#define W     2ULL
#define U     4ULL
#define LARGE 0x80ULL
#define NX    (1ULL << 63)
#define WHERE 0xffffffff000ULL /* below 16 TiB */
#define KNOWN (NX | WHERE | LARGE | 0x60 | U | W | P)

/* What a walk finds: access as in guest_memory.h, and for whom. */
struct walk {
	bool mapped, user;
	unsigned access;
	uint64_t gpa; /* where it leads */
};

static const uint8_t *base;
static uint64_t mapped_bytes;
/* What a change left of each page; 0xff: none was made. NULL: nowhere. */
static uint8_t *left;

static struct walk walk(uint64_t top, uint64_t address)
{
	struct walk w = {.user = true, .access = GUEST_WRITE | GUEST_EXEC};
	uint64_t table = top;

	for (unsigned shift = 39;; shift -= 9) {
		uint64_t entry;

		EXPECT(table % PAGE == 0 && table <= mapped_bytes - PAGE,
		       "a table at 0x%llx", (unsigned long long)table);
		entry = ((const uint64_t *)(const void *)(base + table))
			[address >> shift & 511];
		if (!(entry & P))
			return w;
		EXPECT(!(entry & ~KNOWN), "entry 0x%llx",
		       (unsigned long long)entry);
		w.user &= (entry & U) != 0;
		if (!(entry & W))
			w.access &= ~(unsigned)GUEST_WRITE;
		if (entry & NX)
			w.access &= ~(unsigned)GUEST_EXEC;
		table = entry & WHERE;
		if (shift == 12 || entry & LARGE) {
			uint64_t mask = (1ULL << shift) - 1;

			EXPECT(shift <= 21, "a page of 1 GiB");
			EXPECT(!(table & mask), "a page at an odd address");
			w.mapped = true;
			w.access |= GUEST_READ;
			w.gpa = table | (address & mask);
			return w;
		}
	}
}

/* What the page at @gpa should be. */
static struct walk model(const struct guest_mem *mem, uint64_t gpa)
{
	struct walk w = {.mapped = true, .gpa = gpa};
	uint64_t page = gpa / PAGE * PAGE;

	if (left && gpa < mem->bytes && left[gpa / PAGE] != 0xff) {
		w.user = true;
		w.access = left[gpa / PAGE];
		w.mapped = w.access;
		return w;
	}

	for (unsigned i = 0; i < mem->region_count; i++) {
		const struct guest_region *r = &mem->region[i];

		if (gpa >= r->start && gpa < r->end) {
			w.user = true;
			w.access = r->access;
			return w;
		}
	}
	w.access = GUEST_READ;
	if (guest_mem_in_window(mem, gpa)) {
		w.user = true;
		return w;
	}
	if (page == TRAP_LIST_GPA)
		return w;
	if (page == TRAP_STUBS_GPA)
		w.access |= GUEST_EXEC;
	else if (page == TRAP_STACK_GPA)
		w.access |= GUEST_WRITE;
	else if (page != TRAP_TABLES_GPA)
		w.mapped = false;
	return w;
}

static void check(const struct guest_mem *mem, uint64_t top, uint64_t gpa)
{
	struct walk got = walk(top, gpa), want = model(mem, gpa);

	EXPECT(got.mapped == want.mapped, "0x%llx is%s mapped",
	       (unsigned long long)gpa, got.mapped ? "" : " not");
	if (!got.mapped || !want.mapped)
		return;
	EXPECT(got.user == want.user && got.access == want.access &&
		       got.gpa == gpa,
	       "0x%llx leads to 0x%llx, access %u for ring %d",
	       (unsigned long long)gpa, (unsigned long long)got.gpa, got.access,
	       got.user ? 3 : 0);
}

/* Around every boundary there is, at random, and all over small memory. */
static void check_all(const struct guest_mem *mem, uint64_t top)
{
	uint64_t seed = mem->bytes, step = mem->bytes > 1 << 28 ? 0 : PAGE;

	for (uint64_t at = 0; step && at < mem->mapped_bytes; at += step)
		check(mem, top, at);
	for (unsigned i = 0; i < mem->region_count; i++)
		for (unsigned j = 0; j < 4; j++) {
			uint64_t off[] = {-PAGE, -1ULL, 0, PAGE};

			check(mem, top, mem->region[i].start + off[j]);
			check(mem, top, mem->region[i].end + off[j]);
		}
	for (unsigned i = 0; i < 50000; i++)
		check(mem, top, random_next(&seed) % mem->mapped_bytes);
	for (uint64_t at = 0; at < BP_IMAGE_BASE; at += PAGE)
		check(mem, top, at);
	for (uint64_t at = mem->bytes; at < mem->mapped_bytes; at += PAGE)
		check(mem, top, at);
	/* What is no guest memory, up to the end of all addresses. */
	for (unsigned shift = 21; shift < 48; shift++)
		if (1ULL << shift >= mem->mapped_bytes)
			check(mem, top, 1ULL << shift);
	check(mem, top, (1ULL << 47) - 1);
	check(mem, top, (PAGE_TABLE_ENTRIES & ((1ULL << 48) - 1)) - 1);
}

static void start_windows(struct guest_mem *mem, uint64_t bytes,
			  uint64_t window_bytes)
{
	if (guest_mem_init(mem, bytes, page_table_bytes(bytes, window_bytes)))
		exit(1);
	base = mem->base;
	mapped_bytes = mem->mapped_bytes;
}

static void start(struct guest_mem *mem, uint64_t bytes)
{
	start_windows(mem, bytes, 0);
}

static void add(struct guest_mem *mem, uint64_t from, uint64_t to,
		unsigned access)
{
	EXPECT(!guest_mem_add_region(mem, from, to, access),
	       "region 0x%llx to 0x%llx is refused", (unsigned long long)from,
	       (unsigned long long)to);
}

/* As main() makes it: boot info, three segments, heap, guard, stack. */
static void test_usual(uint64_t bytes, const char *size)
{
	uint64_t stack = bytes / 8 / PAGE * PAGE, top;
	char text[100];
	struct page_table tables;
	struct guest_mem mem;

	if (stack > BP_STACK_MAX_BYTES)
		stack = BP_STACK_MAX_BYTES;
	start(&mem, bytes);
	add(&mem, 0x10000, 0x12000, GUEST_READ);
	add(&mem, 0x100000, 0x101000, GUEST_READ);
	add(&mem, 0x101000, 0x108000, GUEST_READ | GUEST_EXEC);
	add(&mem, 0x109000, 0x10f000, GUEST_READ | GUEST_WRITE);
	add(&mem, 0x10f000, bytes - stack - PAGE, GUEST_READ | GUEST_WRITE);
	add(&mem, bytes - stack, bytes, GUEST_READ | GUEST_WRITE);
	page_table_build(&tables, &mem);
	top = tables.top;
	EXPECT(top >= bytes, "the top table is guest memory");
	check_all(&mem, top);
	snprintf(text, sizeof(text),
		 "with %s of memory every page has exactly its access", size);
	promise(text);
	guest_mem_finish(&mem);
}

/* As many tables as there can be: both ends of each region inside 2 MiB. */
static void test_most_tables(uint64_t bytes)
{
	uint64_t share = bytes / GUEST_MAX_REGIONS;
	struct page_table tables;
	struct guest_mem mem;

	start(&mem, bytes);
	for (unsigned i = 0; i < GUEST_MAX_REGIONS; i++)
		add(&mem, i * share + (4 << 20) - 3 * PAGE,
		    i * share + share - (4 << 20) + 5 * PAGE,
		    i % 2 ? GUEST_READ : GUEST_READ | GUEST_EXEC);
	page_table_build(&tables, &mem);
	check_all(&mem, tables.top);
	promise("the room for tables is enough for 32 ragged regions");
	guest_mem_finish(&mem);
}

static void test_random(void)
{
	static const unsigned access[] = {GUEST_READ, GUEST_READ | GUEST_WRITE,
					  GUEST_READ | GUEST_EXEC};
	uint64_t seed = 5;

	for (unsigned i = 0; i < 100; i++) {
		uint64_t bytes = (2 + random_next(&seed) % 20) << 20, at;
		struct page_table tables;
		struct guest_mem mem;

		start(&mem, bytes);
		at = 0x10000;
		for (unsigned n = 0; n < GUEST_MAX_REGIONS; n++) {
			uint64_t r = random_next(&seed);
			uint64_t gap = r % 3 ? 0 : (r >> 8) % 700 * PAGE;
			uint64_t size = (1 + (r >> 24) % 900) * PAGE;

			if (at + gap + size > bytes)
				break;
			add(&mem, at + gap, at + gap + size,
			    access[(r >> 56) % 3]);
			at += gap + size;
		}
		page_table_build(&tables, &mem);
		check_all(&mem, tables.top);
		guest_mem_finish(&mem);
	}
	promise("so it is for 100 random region tables");
}

static void check_windows(const struct guest_mem *mem, uint64_t top)
{
	uint64_t seed = 3;

	for (unsigned i = 0; i < mem->window_count; i++) {
		const struct guest_window *w = &mem->window[i];
		const uint64_t at[] = {w->start - 1, w->start, w->end - 1,
				       w->end, w->end + (2 << 20) - 1};

		for (unsigned j = 0; j < COUNT_OF(at); j++)
			check(mem, top, at[j]);
		for (unsigned j = 0; j < 1000; j++)
			check(mem, top,
			      w->start +
				      random_next(&seed) % (w->end - w->start));
	}
}

static void test_windows(uint64_t each, unsigned count, const char *what)
{
	struct page_table tables;
	struct guest_mem mem;
	uint64_t gpa;
	char text[100];

	start_windows(&mem, 64 << 20, each * count);
	add(&mem, 0x10000, 64 << 20, GUEST_READ | GUEST_WRITE);
	for (unsigned i = 0; i < count; i++)
		EXPECT(!guest_mem_add_window(&mem, mem.base, each, &gpa),
		       "window %u is refused", i);
	page_table_build(&tables, &mem);
	EXPECT(tables.next <= mem.mapped_bytes, "too many tables");
	check_windows(&mem, tables.top);
	check_all(&mem, tables.top);
	snprintf(text, sizeof(text), "%s can be read, and nothing beside them",
		 what);
	promise(text);
	guest_mem_finish(&mem);
}

static void test_memory_kept(void)
{
	struct page_table tables;
	struct guest_mem mem;

	start(&mem, 16 << 20);
	add(&mem, 0x10000, 16 << 20, GUEST_READ | GUEST_WRITE);
	page_table_build(&tables, &mem);
	for (uint64_t at = 0; at < mem.bytes; at++)
		EXPECT(!mem.base[at], "a table at 0x%llx",
		       (unsigned long long)at);
	promise("no table is made in guest memory");
	guest_mem_finish(&mem);
}

/* The tables lie where ring 0, and only that, finds their entries. */
static void apply(const struct page_table *tables, uint64_t address,
		  const uint64_t *list, unsigned count)
{
	for (unsigned i = 0; i < count; i++, address += sizeof(*list)) {
		struct walk w = walk(tables->top, address & ((1ULL << 48) - 1));

		EXPECT(w.mapped && !w.user &&
			       w.access == (GUEST_READ | GUEST_WRITE) &&
			       w.gpa >= tables->mem->bytes &&
			       w.gpa < tables->next,
		       "an entry at 0x%llx, which is 0x%llx",
		       (unsigned long long)address, (unsigned long long)w.gpa);
		memcpy(tables->mem->base + w.gpa, &list[i], sizeof(*list));
	}
}

static void change(struct page_table *tables, uint64_t from, uint64_t to,
		   unsigned access)
{
	uint64_t list[100], address;

	memset(left + from / PAGE, (int)access, (to - from) / PAGE);
	while (from < to) {
		uint64_t before = from;
		unsigned n = page_table_change(tables, &from, to, access,
					       &address, list, COUNT_OF(list));

		EXPECT(n && n <= COUNT_OF(list) && from > before && from <= to,
		       "%u entries, from 0x%llx on", n,
		       (unsigned long long)from);
		apply(tables, address, list, n);
	}
}

static void test_change(void)
{
	static const unsigned access[] = {0, GUEST_READ,
					  GUEST_READ | GUEST_WRITE};
	const uint64_t bytes = (24 << 20) + 3 * PAGE;
	struct page_table tables;
	struct guest_mem mem;
	uint64_t seed = 9;

	start(&mem, bytes);
	add(&mem, 0x10000, bytes, GUEST_READ | GUEST_WRITE);
	page_table_build(&tables, &mem);
	left = malloc(bytes / PAGE);
	if (!left)
		exit(1);
	memset(left, 0xff, bytes / PAGE);
	for (unsigned i = 0; i < 400; i++) {
		uint64_t r = random_next(&seed);
		uint64_t unit = r & 1 ? PAGE : 2 << 20;
		uint64_t from = (16 + (r >> 8) % (bytes / PAGE - 16)) * PAGE;
		uint64_t size = (1 + (r >> 32) % 6) * unit;

		from = from / unit * unit;
		if (from < 0x10000)
			from = 0x10000;
		if (size > bytes - from)
			size = bytes - from;
		change(&tables, from, from + size, access[(r >> 60) % 3]);
		if (i % 20 == 0)
			check_all(&mem, tables.top);
	}
	/* All that could be split. */
	for (uint64_t at = 0x10000; at < bytes; at += 1 << 20)
		change(&tables, at, at + PAGE, GUEST_READ);
	check_all(&mem, tables.top);
	EXPECT(tables.next <= mem.mapped_bytes, "too many tables");
	free(left);
	left = NULL;
	promise("400 random changes leave each page exactly its access");
	guest_mem_finish(&mem);
}

static void test_most_splits(void)
{
	struct page_table tables;
	struct guest_mem mem;
	uint64_t from;
	uint64_t address, value;

	start(&mem, BP_MEM_MAX_BYTES);
	add(&mem, 0x10000, BP_MEM_MAX_BYTES, GUEST_READ | GUEST_WRITE);
	page_table_build(&tables, &mem);
	for (uint64_t at = 1 << 20; at < BP_MEM_MAX_BYTES; at += 2 << 20) {
		from = at;
		page_table_change(&tables, &from, at + PAGE, 0, &address,
				  &value, 1);
		apply(&tables, address, &value, 1);
	}
	EXPECT(tables.next <= mem.mapped_bytes, "too many tables");
	promise("there is room to split all of 64 GiB");
	guest_mem_finish(&mem);
}

int main(void)
{
	test_usual(BP_MEM_MIN_BYTES, "2 MiB");
	test_usual(BP_MEM_MIN_BYTES + PAGE, "2 MiB and 4 KiB");
	test_usual(64 << 20, "64 MiB");
	test_usual((64 << 20) + PAGE, "64 MiB and 4 KiB");
	test_usual(1 << 30, "1 GiB");
	test_usual((3ULL << 30) + PAGE, "3 GiB and 4 KiB");
	test_usual((4ULL << 30) - PAGE, "4 GiB less 4 KiB");
	test_usual(BP_MEM_MAX_BYTES, "64 GiB");
	test_most_tables(1 << 30);
	test_most_tables(BP_MEM_MAX_BYTES);
	test_random();
	test_change();
	test_most_splits();
	test_memory_kept();
	test_windows(PAGE, GUEST_MAX_WINDOWS, "32 windows of a page");
	test_windows((3 << 20) + PAGE, 7, "windows of 3 MiB and 4 KiB");
	test_windows((1ULL << 30) - PAGE, GUEST_MAX_WINDOWS,
		     "32 windows of almost 1 GiB");
	test_windows(1ULL << 40, 3, "three windows of 1 TiB");
	return promises_end();
}
