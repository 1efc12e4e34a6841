/* SPDX-License-Identifier: ISC */
/* The tree of a file's pages: it finds them, and keeps no memory after them. */
#include "page_tree.h"

#include <errno.h>
#include <stdlib.h>

#include "ext_image.h"
#include "page.h"
#include "vnode.h"

#include "guest-runtime/page_tree.c" /* NOLINT(bugprone-suspicious-include) */

#define PAGES 300u

static long allocated, fail_after = -1;
static struct rt_page page[PAGES];
static struct rt_vnode file;

void *__rt_calloc(size_t count, size_t bytes)
{
	if (fail_after >= 0 && fail_after-- == 0)
		return NULL;
	allocated++;
	return calloc(count, bytes);
}

void __rt_free(void *p)
{
	allocated -= p != NULL;
	free(p);
}

static bool put(unsigned i, uint64_t index)
{
	page[i] = (struct rt_page){.vnode = &file, .index = index};
	return __rt_page_insert(&file, &page[i]) == 0;
}

static void take(unsigned i)
{
	__rt_page_remove(&file, &page[i]);
}

static void expect_empty(const char *when)
{
	EXPECT(!allocated && !file.pages && !file.page_levels &&
		       !file.page_count && !file.dirty_pages,
	       "%s: %ld nodes, %lu pages", when, allocated, file.page_count);
}

static void one_page(void)
{
	for (unsigned bit = 0; bit < 52; bit++) {
		uint64_t index = 1ull << bit;

		EXPECT(put(0, index), "no room for %llx",
		       (unsigned long long)index);
		EXPECT(__rt_page_find(&file, index) == &page[0] &&
			       !__rt_page_find(&file, index - 1) &&
			       __rt_page_next(&file, 0, 0) == &page[0] &&
			       !__rt_page_next(&file, 0, 1) &&
			       !__rt_page_next(&file, index + 1, 0),
		       "bit %u", bit);
		take(0);
		expect_empty("after it");
	}
	promise("a page anywhere in a file is found, and takes no memory "
		"after");
}

static void out_of_memory(void)
{
	for (unsigned first = 0; first < 2; first++) {
		for (long n = 0; n < 20; n++) {
			if (first)
				put(1, 7);
			fail_after = n;
			if (put(0, 1ull << 45))
				take(0);
			fail_after = -1;
			EXPECT(!__rt_page_find(&file, 1ull << 45) &&
				       __rt_page_next(&file, 0, 0) ==
					       (first ? &page[1] : NULL),
			       "%ld allocations", n);
			if (first)
				take(1);
			expect_empty("after a failure");
		}
	}
	promise("a page that there is no memory for leaves nothing behind");
}

static void many_pages(void)
{
	uint64_t seed = 1, marked = 0;

	for (unsigned i = 0; i < PAGES; i++) {
		uint64_t index = random_next(&seed) >> (12 + seed % 50);

		while (__rt_page_find(&file, index))
			index++;
		put(i, index);
		if (i % 3)
			continue;
		__rt_page_mark(&file, &page[i], 1);
		marked++;
	}
	for (int dirty = 0; dirty < 2; dirty++) {
		struct rt_page *at = NULL;
		uint64_t from = 0, seen = 0;

		while ((at = __rt_page_next(&file, from, dirty))) {
			EXPECT(at->index >= from && (!dirty || at->dirty),
			       "page %llx", (unsigned long long)at->index);
			from = at->index + 1;
			seen++;
		}
		EXPECT(seen == (dirty ? marked : PAGES), "%llu pages",
		       (unsigned long long)seen);
	}
	for (unsigned i = 0; i < PAGES; i++)
		take(i * 7 % PAGES);
	expect_empty("after all");
	promise("of many pages each is found once, and the dirty ones too");
}

int main(void)
{
	one_page();
	out_of_memory();
	many_pages();
	return promises_end();
}
