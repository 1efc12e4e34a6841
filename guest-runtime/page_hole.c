/* SPDX-License-Identifier: ISC */
/* Files that live in the page cache alone: where they have pages. */
#include <errno.h>
#include <string.h>

#include "page.h"
#include "page_pool.h"
#include "page_tree.h"
#include "vnode.h"

long __rt_page_seek(struct rt_vnode *v, uint64_t offset, int hole,
		    uint64_t *found)
{
	uint64_t index = offset / RT_PAGE_BYTES;
	const struct rt_page *next;

	if (hole) {
		while (__rt_page_find(v, index))
			index++;
	} else {
		next = __rt_page_next(v, index, 0);
		if (!next) {
			*found = v->size;
			return 0;
		}
		index = next->index;
	}
	*found = index * RT_PAGE_BYTES;
	if (*found < offset)
		*found = offset;
	return 0;
}

/* How many pages of [first, end) there are. */
static uint64_t count(const struct rt_vnode *v, uint64_t first, uint64_t end)
{
	const struct rt_page *page;
	uint64_t n = 0;

	while ((page = __rt_page_next(v, first, 0)) && page->index < end) {
		first = page->index + 1;
		n++;
	}
	return n;
}

static long add_zero(struct rt_vnode *v, uint64_t index, struct rt_page **to)
{
	struct rt_page *page = __rt_pool_take();

	if (!page)
		return -ENOSPC;
	memset(page->data, 0, RT_PAGE_BYTES);
	*to = page;
	return __rt_page_adopt(v, page, index) ? -ENOSPC : 0;
}

long __rt_page_fill(struct rt_vnode *v, uint64_t offset, uint64_t bytes)
{
	uint64_t first = offset / RT_PAGE_BYTES;
	uint64_t end = (offset + bytes - 1) / RT_PAGE_BYTES + 1;
	uint64_t missing = end - first - count(v, first, end), added = 0;
	struct rt_page **page;
	long err = 0;

	if (!missing)
		return 0;
	if (missing > __rt_pool_left())
		return -ENOSPC;
	page = __rt_calloc(missing, sizeof(struct rt_page *));
	if (!page)
		return -ENOSPC;
	for (uint64_t i = first; i < end && !err; i++) {
		if (__rt_page_find(v, i))
			continue;
		err = add_zero(v, i, &page[added]);
		added += !err;
	}
	while (err && added) {
		__rt_page_remove(v, page[--added]);
		__rt_pool_give(page[added]);
	}
	__rt_free(page);
	return err;
}
