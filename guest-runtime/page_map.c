/* SPDX-License-Identifier: ISC */
/*
 * Pages that belong to a shared mapping of a file: the mapping's memory is the
 * page. There is no hardware to tell that a program wrote to it; a digest of
 * what was last written does.
 */
#include <errno.h>
#include <string.h>

#include "hypercall_x86_64.h"
#include "page.h"
#include "page_pool.h"
#include "page_tree.h"
#include "vnode.h"

static uint64_t pages_of(const struct rt_vnode *v)
{
	return (v->size + RT_PAGE_BYTES - 1) / RT_PAGE_BYTES;
}

static uint64_t digest(const char *data)
{
	const uint64_t *word = (const void *)data;
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < RT_PAGE_BYTES / sizeof(*word); i++)
		hash = (hash ^ word[i]) * 0x9e3779b97f4a7c15ULL + (hash >> 29);
	return hash;
}

void __rt_page_put(const struct rt_page *page, size_t skip, const void *from,
		   size_t bytes)
{
	if (page->read_only)
		hypercall_map((uintptr_t)page->data, RT_PAGE_BYTES,
			      BP_MAP_READ | BP_MAP_WRITE);
	if (from)
		memcpy(page->data + skip, from, bytes);
	else
		memset(page->data + skip, 0, bytes);
	if (page->read_only)
		hypercall_map((uintptr_t)page->data, RT_PAGE_BYTES,
			      BP_MAP_READ);
}

void __rt_page_cut_mapped(const struct rt_vnode *v)
{
	size_t used = v->size % RT_PAGE_BYTES;
	const struct rt_page *page;

	if (!v->maps || !used)
		return;
	page = __rt_page_find(v, v->size / RT_PAGE_BYTES);
	if (page && page->mapped)
		__rt_page_put(page, used, NULL, RT_PAGE_BYTES - used);
}

void __rt_page_check_mapped(struct rt_vnode *v, uint64_t index)
{
	struct rt_page *page = __rt_page_find(v, index);
	uint64_t now, bytes;

	if (!page || !page->mapped || index >= pages_of(v))
		return;
	now = digest(page->data);
	if (now == page->digest)
		return;
	page->digest = now;
	bytes = v->size - index * RT_PAGE_BYTES;
	if (bytes > RT_PAGE_BYTES)
		bytes = RT_PAGE_BYTES;
	if (__rt_page_allocate(v, index * RT_PAGE_BYTES, bytes))
		page->digest = ~now; /* no room: try again at the next sync */
	__rt_page_dirty(v, page);
	__rt_now(&v->mtime);
	v->ctime = v->mtime;
	__rt_vnode_dirty(v, RT_DIRTY_TIMES);
}

long __rt_page_map(struct rt_vnode *v, uint64_t index, char *data)
{
	struct rt_page *old = __rt_page_find(v, index), *page;
	int dirty = old && old->dirty;
	long err;

	if (old && old->mapped)
		return -EBUSY;
	if (!old && index < pages_of(v)) {
		err = __rt_page_get(v, index, &old);
		if (err)
			return err;
	}
	page = __rt_calloc(1, sizeof(*page));
	if (!page)
		return -ENOMEM;
	if (old) {
		memcpy(data, old->data, RT_PAGE_BYTES);
		__rt_page_remove(v, old);
		__rt_pool_give(old);
	}
	*page = (struct rt_page){
		.vnode = v,
		.index = index,
		.data = data,
		.mapped = 1,
		.digest = digest(data),
	};
	err = __rt_page_insert(v, page);
	if (err)
		__rt_free(page);
	else
		__rt_page_mark(v, page, dirty);
	return err;
}

void __rt_page_share(struct rt_vnode *v, uint64_t index)
{
	__rt_page_find(v, index)->mapped++;
}

long __rt_page_unmap(struct rt_vnode *v, uint64_t index)
{
	struct rt_page *mapped = __rt_page_find(v, index), *page;
	char *data;
	int dirty;
	long err;

	if (!mapped || !mapped->mapped)
		return 0;
	if (mapped->mapped > 1) {
		mapped->mapped--;
		return -EBUSY;
	}
	__rt_page_cut_mapped(v);
	__rt_page_check_mapped(v, index);
	data = mapped->data;
	dirty = mapped->dirty;
	if (index >= pages_of(v)) {
		__rt_page_remove(v, mapped);
		__rt_free(mapped);
		return 0;
	}
	page = __rt_pool_take();
	if (!page)
		return -ENOMEM;
	__rt_page_remove(v, mapped);
	__rt_free(mapped);
	memcpy(page->data, data, RT_PAGE_BYTES);
	err = __rt_page_adopt(v, page, index);
	if (!err)
		__rt_page_mark(v, page, dirty);
	return err;
}
