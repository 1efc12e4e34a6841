/* SPDX-License-Identifier: ISC */
/*
 * mmap() and its kin. Argument 1 names the behaviour, 2 and 3 may be numbers.
 * Status 1 with a line that says what was wrong.
 *
 * Nothing here calls malloc(), which would map memory of its own in between.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "boot_info.h"
#include "memory_map.h"

#define PAGE 4096ul

#define CHECK(truth)                                               \
	do {                                                       \
		if (!(truth)) {                                    \
			printf("line %d: %s\n", __LINE__, #truth); \
			exit(1);                                   \
		}                                                  \
	} while (0)

static const struct bp_boot_info *boot(void)
{
	return (const struct bp_boot_info *)BP_BOOT_INFO_GPA;
}

static char *map(size_t bytes)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static char *map_at(char *at, size_t bytes, int flags)
{
	char *p = mmap(at, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int is_all(const char *p, size_t bytes, char value)
{
	for (size_t i = 0; i < bytes; i++)
		if (p[i] != value)
			return 0;
	return 1;
}

static void fresh(long unused, long unused2)
{
	const size_t bytes = 1 << 20;

	(void)unused, (void)unused2;
	for (int i = 0; i < 20; i++) {
		char *p = map(bytes);

		CHECK(p);
		CHECK((uintptr_t)p % PAGE == 0);
		CHECK(is_all(p, bytes, 0));
		memset(p, 0xa5, bytes);
	}
	/* The last page of an odd length is whole, too. */
	CHECK(is_all(map(PAGE + 1), 2 * PAGE, 0));
}

static void reused(long unused, long unused2)
{
	(void)unused, (void)unused2;
	for (int i = 0; i < 50; i++) {
		size_t bytes = 12 * (1 << 20) + (size_t)i * PAGE;
		char *p = map(bytes);

		CHECK(p);
		CHECK(is_all(p, bytes, 0));
		memset(p, 0x11 + i, bytes);
		CHECK(!munmap(p, bytes));
	}
}

static void dontneed(long unused, long unused2)
{
	char *p = map(8 * PAGE);

	(void)unused, (void)unused2;
	memset(p, 1, 8 * PAGE);
	CHECK(!madvise(p + 2 * PAGE, 3 * PAGE, MADV_DONTNEED));
	CHECK(is_all(p, 2 * PAGE, 1));
	CHECK(is_all(p + 2 * PAGE, 3 * PAGE, 0));
	CHECK(is_all(p + 5 * PAGE, 3 * PAGE, 1));
	/* Part of a page is the whole page. */
	CHECK(!madvise(p, 1, MADV_DONTNEED));
	CHECK(is_all(p, PAGE, 0) && is_all(p + PAGE, PAGE, 1));
	CHECK(madvise(p + 1, PAGE, MADV_DONTNEED) == -1 && errno == EINVAL);
	CHECK(!madvise(p, PAGE, MADV_WILLNEED));
}

static void remap(long unused, long unused2)
{
	char *low = map(2 * PAGE), *p = map(4 * PAGE), *q, *wall;

	(void)unused, (void)unused2;
	CHECK(low && p);
	memset(p, 7, 4 * PAGE);
	/* Shrinks in place; what was cut off comes back as zero. */
	CHECK(mremap(p, 4 * PAGE, PAGE, 0) == p);
	CHECK(is_all(p, PAGE, 7));
	CHECK(map_at(p + PAGE, 3 * PAGE, MAP_FIXED_NOREPLACE) == p + PAGE);
	CHECK(is_all(p + PAGE, 3 * PAGE, 0));
	/* No room behind it: refused, or moved if that is allowed. */
	CHECK(mremap(p, PAGE, 2 * PAGE, 0) == MAP_FAILED && errno == ENOMEM);
	CHECK(is_all(p, PAGE, 7));
	q = mremap(p, PAGE, 64 * PAGE, MREMAP_MAYMOVE);
	CHECK(q != MAP_FAILED && q != p);
	CHECK(is_all(q, PAGE, 7) && is_all(q + PAGE, 63 * PAGE, 0));
	/* Room behind it: grows in place. */
	CHECK(!munmap(q + PAGE, 63 * PAGE));
	CHECK(mremap(q, PAGE, 8 * PAGE, 0) == q);
	CHECK(is_all(q, PAGE, 7) && is_all(q + PAGE, 7 * PAGE, 0));
	memset(q, 8, 8 * PAGE);
	wall = mremap(q, 8 * PAGE, 8 * PAGE, 0);
	CHECK(wall == q && is_all(q, 8 * PAGE, 8));
	/* Too large: refused, and nothing is lost. */
	CHECK(mremap(q, 8 * PAGE, 1ul << 40, MREMAP_MAYMOVE) == MAP_FAILED);
	CHECK(errno == ENOMEM);
	CHECK(mremap(q, 8 * PAGE, SIZE_MAX, MREMAP_MAYMOVE) == MAP_FAILED);
	CHECK(mremap(q, 8 * PAGE, 0, MREMAP_MAYMOVE) == MAP_FAILED);
	CHECK(mremap(q + 1, PAGE, PAGE, MREMAP_MAYMOVE) == MAP_FAILED);
	CHECK(is_all(q, 8 * PAGE, 8));
}

static void fixed(long unused, long unused2)
{
	char *p = map(16 * PAGE);

	(void)unused, (void)unused2;
	memset(p, 3, 16 * PAGE);
	/* Replaces, and only what it says. */
	CHECK(map_at(p + 4 * PAGE, 4 * PAGE, MAP_FIXED) == p + 4 * PAGE);
	CHECK(is_all(p, 4 * PAGE, 3));
	CHECK(is_all(p + 4 * PAGE, 4 * PAGE, 0));
	CHECK(is_all(p + 8 * PAGE, 8 * PAGE, 3));
	CHECK(!map_at(p + 7 * PAGE, 4 * PAGE, MAP_FIXED_NOREPLACE));
	CHECK(errno == EEXIST);
	CHECK(is_all(p + 8 * PAGE, 8 * PAGE, 3));
	CHECK(!munmap(p + 8 * PAGE, PAGE));
	CHECK(map_at(p + 8 * PAGE, PAGE, MAP_FIXED_NOREPLACE) == p + 8 * PAGE);
	CHECK(is_all(p + 8 * PAGE, PAGE, 0));
	/* Never outside the heap. */
	CHECK(!map_at(NULL, PAGE, MAP_FIXED));
	CHECK(!map_at((char *)0x1000, PAGE, MAP_FIXED));
	CHECK(!map_at((char *)BP_BOOT_INFO_GPA, PAGE, MAP_FIXED));
	CHECK(!map_at((char *)BP_IMAGE_BASE, PAGE, MAP_FIXED));
	CHECK(!map_at((char *)boot()->heap_end, PAGE, MAP_FIXED));
	CHECK(!map_at((char *)boot()->heap_end - PAGE, 2 * PAGE, MAP_FIXED));
	CHECK(!map_at((char *)boot()->stack_start, PAGE, MAP_FIXED));
	CHECK(!map_at((char *)boot()->mem_bytes, PAGE, MAP_FIXED));
	CHECK(!map_at((char *)-PAGE, PAGE, MAP_FIXED));
	/* A hint is no order. */
	p = map_at((char *)0x1000, PAGE, 0);
	CHECK(p && p != (char *)0x1000);
}

static void refused(long unused, long unused2)
{
	const size_t huge[] = {1ul << 40,	 SIZE_MAX,	  SIZE_MAX - 1,
			       SIZE_MAX - 4095,	 SIZE_MAX - 4096, 1ul << 63,
			       boot()->mem_bytes};
	char *p = map(PAGE);

	(void)unused, (void)unused2;
	*p = 5;
	for (size_t i = 0; i < sizeof(huge) / sizeof(huge[0]); i++) {
		CHECK(!map(huge[i]) && errno == ENOMEM);
		CHECK(!map_at(p, huge[i], MAP_FIXED));
		CHECK(munmap(p, huge[i]) == -1 && errno == EINVAL);
	}
	CHECK(!map(0) && errno == EINVAL);
	CHECK(munmap(p + 1, PAGE) == -1 && errno == EINVAL);
	CHECK(munmap(p, 0) == -1 && errno == EINVAL);
	CHECK(*p == 5);
	p = map(PAGE);
	CHECK(p && is_all(p, PAGE, 0));
}

/* Whoever asks for executable memory learns that there is none. */
static void exec(long unused, long unused2)
{
	char *p = map(PAGE);

	(void)unused, (void)unused2;
	CHECK(mmap(NULL, PAGE, PROT_READ | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	CHECK(errno == EACCES || errno == EPERM);
	CHECK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	CHECK(mprotect(p, PAGE, PROT_READ | PROT_EXEC) == -1);
	CHECK(errno == EACCES || errno == EPERM);
	CHECK(!mprotect(p, PAGE, PROT_READ));
	CHECK(!mprotect(p, PAGE, PROT_READ | PROT_WRITE));
}

static void brk_grows(long unused, long unused2)
{
	char *start = (char *)boot()->heap_start, *p;

	(void)unused, (void)unused2;
	/* musl's own sbrk() refuses: ask the system. */
	extern long __rt_sys_brk(uintptr_t wanted);
	CHECK((char *)__rt_sys_brk(0) == start);
	p = start + 100000;
	CHECK((char *)__rt_sys_brk((uintptr_t)p) == p);
	CHECK(is_all(start, 100000, 0));
	memset(start, 9, 100000);
	/* Given back and taken again it is zero, to the byte. */
	CHECK((char *)__rt_sys_brk((uintptr_t)start + 50001) == start + 50001);
	CHECK((char *)__rt_sys_brk((uintptr_t)p) == p);
	CHECK(is_all(start, 50001, 9) && is_all(start + 50001, 49999, 0));
	/* No further than memory goes, nor into a mapping. */
	CHECK((char *)__rt_sys_brk(boot()->heap_end + 1) == p);
	CHECK((char *)__rt_sys_brk(UINTPTR_MAX) == p);
	CHECK((char *)__rt_sys_brk(0x1000) == p);
	CHECK(map_at(start + 40 * PAGE, PAGE, MAP_FIXED));
	CHECK((char *)__rt_sys_brk((uintptr_t)start + 50 * PAGE) == p);
	CHECK((char *)__rt_sys_brk((uintptr_t)start + 40 * PAGE) ==
	      start + 40 * PAGE);
}

/* A mapping that lies partly where brk once was. */
static void brk_then_map(long unused, long unused2)
{
	extern long __rt_sys_brk(uintptr_t wanted);
	char *start = (char *)boot()->heap_start;

	(void)unused, (void)unused2;
	__rt_sys_brk((uintptr_t)start + 64 * PAGE);
	memset(start, 9, 64 * PAGE);
	__rt_sys_brk((uintptr_t)start);
	for (int i = 0; i < 2; i++) {
		char *p = map_at(start + 32 * PAGE, 64 * PAGE, MAP_FIXED);

		CHECK(p);
		CHECK(is_all(p, 64 * PAGE, 0));
		memset(p, 9, 64 * PAGE);
		CHECK(!munmap(p, 64 * PAGE));
	}
	CHECK((char *)__rt_sys_brk((uintptr_t)start + 128 * PAGE) ==
	      start + 128 * PAGE);
	CHECK(is_all(start, 128 * PAGE, 0));
}

/*
 * As many holes as there are odd pages, one more at a time: whatever the
 * allocator keeps its books in has to grow at some of these steps.
 */
#define HOLES 600

static void holes(long in_place, long unused)
{
	char *base = map(2 * HOLES * PAGE);

	(void)unused;
	CHECK(base);
	memset(base, 0xee, 2 * HOLES * PAGE);
	for (size_t i = 0; i < HOLES; i++) {
		char *even = base + 2 * i * PAGE, *hole = even + PAGE;

		CHECK(!munmap(hole, PAGE));
		/* Into the newest and highest hole, then out of it. */
		if (in_place)
			CHECK(mremap(even, PAGE, 2 * PAGE, 0) == even);
		else
			CHECK(map_at(hole, PAGE, MAP_FIXED) == hole);
		CHECK(is_all(even, PAGE, (char)0xee));
		CHECK(is_all(hole, PAGE, 0));
		memset(hole, 0xdd, PAGE);
		CHECK(!munmap(hole, PAGE));
	}
	/* All of them, and what lies below, are zero and nobody else's. */
	for (size_t i = 0; i < 2 * HOLES; i++) {
		char *p = map(PAGE);

		CHECK(p && is_all(p, PAGE, 0));
		CHECK(p < base || p >= base + 2 * HOLES * PAGE ||
		      (size_t)(p - base) / PAGE % 2 == 1);
		memset(p, 0xcc, PAGE);
	}
	for (size_t i = 0; i < HOLES; i++)
		CHECK(is_all(base + 2 * i * PAGE, PAGE, (char)0xee));
}

/*
 * Random operations held against a model: the page at heap_start + n * PAGE
 * belongs to mapping owner[n] (0: to none) and holds stamp[n].
 */
#define MAX_PAGES (1 << 15)

static uint32_t owner[MAX_PAGES];
static char once[MAX_PAGES]; /* was owned at some time */
static uint64_t stamp[MAX_PAGES];
static size_t pages;
static uint32_t next_owner = 1;
static uint64_t random_state;

static uint64_t random_number(void)
{
	/* xorshift64* */
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1du;
}

static size_t below(size_t limit)
{
	return (size_t)(random_number() >> 16) % limit;
}

static char *page(size_t n)
{
	return (char *)boot()->heap_start + n * PAGE;
}

static size_t number(const char *p)
{
	CHECK((uintptr_t)p % PAGE == 0);
	CHECK(p >= page(0) && p < page(pages));
	return (size_t)(p - page(0)) / PAGE;
}

/* Eight places of each page stand for all of it. */
static void put(size_t n, uint64_t value)
{
	for (size_t i = 0; i < PAGE; i += PAGE / 8)
		memcpy(page(n) + i, &value, sizeof(value));
	stamp[n] = value;
}

static int holds(size_t n, uint64_t value)
{
	for (size_t i = 0; i < PAGE; i += PAGE / 8)
		if (memcmp(page(n) + i, &value, sizeof(value)))
			return 0;
	return 1;
}

/* [at, at + count) has just become a mapping, or part of @who. */
static void adopt(size_t at, size_t count, uint32_t who)
{
	CHECK(at + count <= pages);
	for (size_t n = at; n < at + count; n++) {
		CHECK(!owner[n]);
		CHECK(holds(n, 0));
		owner[n] = who;
		once[n] = 1;
		put(n, random_number() | 1);
	}
}

static void disown(size_t at, size_t count)
{
	for (size_t n = at; n < at + count; n++) {
		CHECK(holds(n, stamp[n]));
		owner[n] = 0;
	}
}

/* A random run of pages of one mapping, or of none; 0 if there is none. */
static size_t choose(int owned, size_t *at)
{
	size_t count = 0, limit = 1 + below(64);

	for (int tries = 0; tries < 200; tries++) {
		*at = below(pages);
		if (!owner[*at] == !owned)
			break;
	}
	while (*at + count < pages && count < limit &&
	       !owner[*at + count] == !owned &&
	       owner[*at] == owner[*at + count])
		count++;
	return count;
}

static void random_map(void)
{
	size_t count = below(20) ? 1 + below(40) : 1 + below(600);
	char *p = map(count * PAGE);

	if (p)
		adopt(number(p), count, next_owner++);
	else
		CHECK(errno == ENOMEM);
}

static void random_fixed(void)
{
	size_t at, count = choose(random_number() & 1 << 20, &at);

	if (!count)
		return;
	/* Where the program never was, the runtime may keep its books. */
	if (memchr(once + at, 0, count))
		return;
	CHECK(map_at(page(at), count * PAGE, MAP_FIXED) == page(at));
	if (owner[at])
		for (size_t n = at; n < at + count; n++)
			owner[n] = 0;
	adopt(at, count, next_owner++);
}

static void random_unmap(void)
{
	size_t at, count = choose(1, &at);

	if (!count)
		return;
	disown(at, count);
	CHECK(!munmap(page(at), count * PAGE));
}

static void random_remap(void)
{
	size_t at, to, count = choose(1, &at), more = 1 + below(80);
	int flags = random_number() & 1 << 20 ? MREMAP_MAYMOVE : 0;
	uint32_t who = owner[at];
	char *p;

	if (!count)
		return;
	p = mremap(page(at), count * PAGE, more * PAGE, flags);
	if (p == MAP_FAILED) {
		CHECK(errno == ENOMEM && more > count);
		return;
	}
	to = number(p);
	if (to != at) {
		CHECK(flags && more > count);
		for (size_t n = 0; n < count; n++) {
			CHECK(!owner[to + n]);
			CHECK(holds(to + n, stamp[at + n]));
			owner[to + n] = who;
			stamp[to + n] = stamp[at + n];
			owner[at + n] = 0;
		}
	}
	for (size_t n = more; n < count; n++)
		owner[at + n] = 0;
	if (more > count)
		adopt(to + count, more - count, who);
}

static void random_dontneed(void)
{
	size_t at, count = choose(1, &at);
	uint32_t who = owner[at];

	if (!count)
		return;
	disown(at, count);
	CHECK(!madvise(page(at), count * PAGE, MADV_DONTNEED));
	adopt(at, count, who);
}

static void random_operations(long times, long seed)
{
	size_t used = 0;

	pages = (boot()->heap_end - boot()->heap_start) / PAGE;
	CHECK(pages <= MAX_PAGES);
	random_state = 88172645463325252u + (uint64_t)seed;
	for (long i = 0; i < times; i++) {
		size_t what = below(100);

		if (what < 38)
			random_map();
		else if (what < 70)
			random_unmap();
		else if (what < 85)
			random_remap();
		else if (what < 95)
			random_fixed();
		else
			random_dontneed();
	}
	for (size_t n = 0; n < pages; n++) {
		CHECK(!owner[n] || holds(n, stamp[n]));
		used += !!owner[n];
	}
	/* All of it comes back, in one piece but for the books. */
	for (size_t n = 0; n < pages; n++)
		if (owner[n])
			CHECK(!munmap(page(n), PAGE));
	CHECK(map(pages * PAGE * 9 / 10));
	printf("%zu of %zu pages were in use\n", used, pages);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(long, long);
	} behaviours[] = {
		{"fresh", fresh},
		{"reused", reused},
		{"dontneed", dontneed},
		{"remap", remap},
		{"fixed", fixed},
		{"refused", refused},
		{"exec", exec},
		{"brk", brk_grows},
		{"brk-then-map", brk_then_map},
		{"holes", holes},
		{"random", random_operations},
	};

	for (size_t i = 0; i < sizeof(behaviours) / sizeof(*behaviours); i++) {
		if (argc > 1 && !strcmp(argv[1], behaviours[i].name)) {
			behaviours[i].run(argc > 2 ? atol(argv[2]) : 0,
					  argc > 3 ? atol(argv[3]) : 0);
			return 0;
		}
	}
	return 2;
}
