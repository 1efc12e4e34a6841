/* SPDX-License-Identifier: ISC */
/*
 * Reading and writing files through the page cache, and past it.
 *
 * THEORY OF OPERATION
 * Every byte of a cached page past the end of the file is zero. Large
 * transfers of whole pages that are not cached go between the disk and the
 * program's memory without a copy; anything else goes through pages. Blocks
 * are allocated when data is written to a page, not when the page is written
 * to the disk, so that a full disk is told to who filled it. A file that is
 * read in order is read ahead, twice as far each time.
 */
#include "page.h"

#include <errno.h>
#include <string.h>

#include "mount.h"
#include "page_pool.h"
#include "page_tree.h"
#include "vnode.h"

#define DIRECT_PAGES	16UL /* at least so many, to go past the cache */
#define READ_AHEAD_MIN	4U
#define READ_AHEAD_MAX	128U
#define RUN_PAGES	128U /* read into the cache in one go */
#define WRITE_RUN_PAGES 2048U

/* A list of pieces that grows at its end. */
struct list {
	struct bp_segment piece[BP_MAX_SEGMENTS];
	unsigned count;
};

static int list_add(struct list *list, const char *data, size_t bytes)
{
	struct bp_segment *last = &list->piece[list->count];

	if (list->count && last[-1].gpa + last[-1].bytes == (uintptr_t)data) {
		last[-1].bytes += bytes;
		return 1;
	}
	if (list->count == BP_MAX_SEGMENTS)
		return 0;
	*last = (struct bp_segment){(uintptr_t)data, bytes};
	list->count++;
	return 1;
}

static uint64_t pages_up(uint64_t bytes)
{
	return (bytes + RT_PAGE_BYTES - 1) / RT_PAGE_BYTES;
}

static int has_disk(const struct rt_vnode *v)
{
	return v->mount->ops->read != NULL;
}

/* Puts a page from the pool into the file. */
long __rt_page_adopt(struct rt_vnode *v, struct rt_page *page, uint64_t index)
{
	long err;

	page->index = index;
	err = __rt_page_insert(v, page);
	if (err) {
		__rt_pool_give(page);
		return err;
	}
	page->vnode = v;
	if (!has_disk(v))
		__rt_pool_keep(page);
	return 0;
}

static struct rt_page *try_zero_page(struct rt_vnode *v, uint64_t index)
{
	struct rt_page *page = __rt_pool_take();

	if (!page)
		return NULL;
	memset(page->data, 0, RT_PAGE_BYTES);
	return __rt_page_adopt(v, page, index) ? NULL : page;
}

static struct rt_page *zero_page(struct rt_vnode *v, uint64_t index)
{
	struct rt_page *page = try_zero_page(v, index);

	if (!page && has_disk(v) && __rt_vnode_shrink())
		page = try_zero_page(v, index);
	return page;
}

/* What is past the end of the file is zero, whatever the disk has there. */
static void zero_tail(const struct rt_vnode *v, uint64_t index, char *data)
{
	uint64_t start = index * RT_PAGE_BYTES;

	if (v->size <= start)
		memset(data, 0, RT_PAGE_BYTES);
	else if (v->size - start < RT_PAGE_BYTES)
		memset(data + (v->size - start), 0,
		       RT_PAGE_BYTES - (v->size - start));
}

/* How many pages from @index on are not cached, at most @most. */
static uint64_t missing(const struct rt_vnode *v, uint64_t index, uint64_t most)
{
	const struct rt_page *next = __rt_page_next(v, index, 0);

	return next && next->index - index < most ? next->index - index : most;
}

/* Reads @wanted pages, none of them cached, and perhaps some after them. */
static long fill(struct rt_vnode *v, uint64_t index, uint64_t wanted)
{
	struct rt_page *page[RUN_PAGES];
	struct list list = {.count = 0};
	uint64_t n = wanted;
	unsigned got = 0;
	long err = 0;

	if (index == v->read_next) {
		v->read_ahead =
			v->read_ahead ? v->read_ahead * 2 : READ_AHEAD_MIN;
		if (v->read_ahead > READ_AHEAD_MAX)
			v->read_ahead = READ_AHEAD_MAX;
		if (n < v->read_ahead)
			n = v->read_ahead;
	} else {
		v->read_ahead = 0;
	}
	if (n > RUN_PAGES)
		n = RUN_PAGES;
	if (n > pages_up(v->size) - index)
		n = pages_up(v->size) - index;
	n = missing(v, index, n);
	while (got < n && (page[got] = __rt_pool_take())) {
		if (!list_add(&list, page[got]->data, RT_PAGE_BYTES)) {
			__rt_pool_give(page[got]);
			break;
		}
		got++;
	}
	if (!got)
		return -ENOMEM;
	err = v->mount->ops->read(v, index * RT_PAGE_BYTES, list.piece,
				  list.count);
	for (unsigned i = 0; i < got; i++) {
		if (err) {
			__rt_pool_give(page[i]);
			continue;
		}
		zero_tail(v, index + i, page[i]->data);
		err = __rt_page_adopt(v, page[i], index + i);
	}
	v->read_next = index + got;
	return err;
}

/* The page at @index as the file has it; in *to, or -errno. */
static long get_page(struct rt_vnode *v, uint64_t index, uint64_t wanted,
		     struct rt_page **to)
{
	struct rt_page *page = __rt_page_find(v, index);
	long err;

	if (!page) {
		if (index >= pages_up(v->size) || !has_disk(v)) {
			page = zero_page(v, index);
			*to = page;
			return page ? 0 : (has_disk(v) ? -ENOMEM : -ENOSPC);
		}
		err = fill(v, index, wanted);
		page = __rt_page_find(v, index);
		if (!page && err == -ENOMEM && __rt_vnode_shrink()) {
			err = fill(v, index, wanted);
			page = __rt_page_find(v, index);
		}
		if (!page)
			return err ? err : -ENOMEM;
	}
	__rt_pool_touch(page);
	*to = page;
	return 0;
}

/* Whole pages straight into the program's memory. Bytes, 0: not possible. */
static long read_direct(struct rt_vnode *v, char *to, uint64_t bytes,
			uint64_t offset)
{
	struct bp_segment piece;
	uint64_t n;
	long err;

	if (offset % RT_PAGE_BYTES || bytes < DIRECT_PAGES * RT_PAGE_BYTES ||
	    !has_disk(v))
		return 0;
	n = missing(v, offset / RT_PAGE_BYTES, bytes / RT_PAGE_BYTES);
	if (n < DIRECT_PAGES)
		return 0;
	piece = (struct bp_segment){(uintptr_t)to, n * RT_PAGE_BYTES};
	err = v->mount->ops->read(v, offset, &piece, 1);
	v->read_next = offset / RT_PAGE_BYTES + n;
	return err ? err : (long)(n * RT_PAGE_BYTES);
}

long __rt_page_get(struct rt_vnode *v, uint64_t index, struct rt_page **to)
{
	return get_page(v, index, 1, to);
}

static long read_some(struct rt_vnode *v, char *to, uint64_t bytes,
		      uint64_t offset)
{
	uint64_t skip = offset % RT_PAGE_BYTES, n = RT_PAGE_BYTES - skip;
	struct rt_page *page;
	long direct = read_direct(v, to, bytes, offset), err;

	if (direct)
		return direct;
	if (n > bytes)
		n = bytes;
	if (!has_disk(v)) {
		page = __rt_page_find(v, offset / RT_PAGE_BYTES);
		if (page)
			memcpy(to, page->data + skip, n);
		else
			memset(to, 0, n);
		return (long)n;
	}
	err = get_page(v, offset / RT_PAGE_BYTES, pages_up(skip + bytes),
		       &page);
	if (err)
		return err;
	memcpy(to, page->data + skip, n);
	return (long)n;
}

long __rt_page_read(struct rt_vnode *v, const struct iovec *iov, int count,
		    uint64_t offset)
{
	long total = 0, n;

	for (int i = 0; i < count; i++) {
		size_t done = 0;

		while (done < iov[i].iov_len && offset < v->size) {
			uint64_t bytes = iov[i].iov_len - done;

			if (bytes > v->size - offset)
				bytes = v->size - offset;
			n = read_some(v, (char *)iov[i].iov_base + done, bytes,
				      offset);
			if (n < 0)
				return total ? total : n;
			done += (size_t)n;
			offset += (uint64_t)n;
			total += n;
		}
	}
	return total;
}

long __rt_page_allocate(struct rt_vnode *v, uint64_t offset, uint64_t bytes)
{
	const struct rt_fs_ops *ops = v->mount->ops;
	long err;

	if (!ops->allocate)
		return 0;
	err = RT_RETRY(v->mount, ops->allocate(v, offset, bytes, 0));
	if (err == -ENOMEM && __rt_vnode_shrink())
		err = RT_RETRY(v->mount, ops->allocate(v, offset, bytes, 0));
	return err;
}

void __rt_page_dirty(struct rt_vnode *v, struct rt_page *page)
{
	if (!v->mount->ops->allocate)
		return;
	__rt_page_mark(v, page, 1);
	__rt_vnode_list_dirty(v);
	__rt_mount_changed(v->mount);
}

static void grow(struct rt_vnode *v, uint64_t end)
{
	if (end <= v->size)
		return;
	v->size = end;
	__rt_vnode_dirty(v, RT_DIRTY_ATTR);
}

/* Whole pages straight from the program's memory. Bytes, 0: not possible. */
static long write_direct(struct rt_vnode *v, const char *from, uint64_t bytes,
			 uint64_t offset)
{
	struct bp_segment piece;
	uint64_t n;
	long err;

	if (offset % RT_PAGE_BYTES || bytes < DIRECT_PAGES * RT_PAGE_BYTES ||
	    !v->mount->ops->allocate)
		return 0;
	n = missing(v, offset / RT_PAGE_BYTES, bytes / RT_PAGE_BYTES);
	if (n < DIRECT_PAGES)
		return 0;
	piece = (struct bp_segment){(uintptr_t)from, n * RT_PAGE_BYTES};
	err = v->mount->ops->write(v, offset, &piece, 1);
	if (err)
		return err;
	__rt_mount_changed(v->mount);
	grow(v, offset + n * RT_PAGE_BYTES);
	return (long)(n * RT_PAGE_BYTES);
}

static long write_some(struct rt_vnode *v, const char *from, uint64_t bytes,
		       uint64_t offset)
{
	uint64_t skip = offset % RT_PAGE_BYTES, n = RT_PAGE_BYTES - skip;
	uint64_t index = offset / RT_PAGE_BYTES;
	struct rt_page *page;
	long direct = write_direct(v, from, bytes, offset), err = 0;

	if (direct)
		return direct;
	if (n > bytes)
		n = bytes;
	page = __rt_page_find(v, index);
	if (page) {
		__rt_pool_touch(page);
	} else if (n == RT_PAGE_BYTES) {
		/* All of it is about to be written. */
		page = zero_page(v, index);
		err = page ? 0 : (has_disk(v) ? -ENOMEM : -ENOSPC);
	} else {
		err = get_page(v, index, 1, &page);
	}
	if (err)
		return err;
	__rt_page_put(page, skip, from, n);
	__rt_page_dirty(v, page);
	grow(v, offset + n);
	if (__rt_pool_crowded(v->dirty_pages))
		__rt_page_write_back(v); /* what fails stays dirty */
	return (long)n;
}

/* One piece. Bytes, fewer than asked only where an error followed, in *err. */
static uint64_t write_piece(struct rt_vnode *v, const char *from, size_t bytes,
			    uint64_t offset, long *err)
{
	/* In one go; where that does not fit, as far as it does. */
	int whole = __rt_page_allocate(v, offset, bytes) == 0;
	uint64_t done = 0;

	*err = 0;
	while (done < bytes) {
		uint64_t at = offset + done, n = bytes - done;
		long written;

		if (!whole) {
			uint64_t page = RT_PAGE_BYTES - at % RT_PAGE_BYTES;

			n = n < page ? n : page;
			*err = __rt_page_allocate(v, at, n);
			if (*err)
				break;
		}
		written = write_some(v, from + done, n, at);
		if (written < 0) {
			*err = written;
			break;
		}
		done += (uint64_t)written;
	}
	return done;
}

static uint64_t max_size(const struct rt_vnode *v)
{
	return v->max_size ? v->max_size : (uint64_t)INT64_MAX;
}

long __rt_page_write(struct rt_vnode *v, const struct iovec *iov, int count,
		     uint64_t offset)
{
	uint64_t total = 0;
	long err = 0;

	__rt_page_cut_mapped(v);
	for (int i = 0; i < count && !err; i++) {
		uint64_t n = iov[i].iov_len;

		if (!n)
			continue;
		if (offset >= max_size(v)) {
			err = -EFBIG;
			break;
		}
		if (n > max_size(v) - offset)
			n = max_size(v) - offset;
		n = write_piece(v, iov[i].iov_base, n, offset, &err);
		offset += n;
		total += n;
	}
	return total ? (long)total : err;
}

/* Dirty pages that follow each other, from @page on, into @list. */
static uint64_t gather(const struct rt_vnode *v, struct rt_page *page,
		       struct list *list)
{
	uint64_t first = page->index, n = 0;

	list->count = 0;
	while (n < WRITE_RUN_PAGES && page && page->index == first + n &&
	       list_add(list, page->data, RT_PAGE_BYTES)) {
		n++;
		page = __rt_page_next(v, first + n, 1);
	}
	return n;
}

static void check_mapped(struct rt_vnode *v)
{
	struct rt_page *page = NULL;
	uint64_t at = 0;

	while (v->maps && (page = __rt_page_next(v, at, 0))) {
		at = page->index + 1;
		if (page->mapped)
			__rt_page_check_mapped(v, page->index);
	}
}

long __rt_page_write_back(struct rt_vnode *v)
{
	struct rt_page *page;
	struct list list;
	uint64_t at = 0;
	long err;

	if (!v->mount->ops->allocate)
		return 0;
	check_mapped(v);
	while ((page = __rt_page_next(v, at, 1))) {
		uint64_t first = page->index, n = gather(v, page, &list);

		err = v->mount->ops->write(v, first * RT_PAGE_BYTES, list.piece,
					   list.count);
		if (err)
			return err;
		for (at = first; at < first + n; at++)
			__rt_page_mark(v, __rt_page_find(v, at), 0);
	}
	return 0;
}

void __rt_page_drop(struct rt_vnode *v, uint64_t first)
{
	struct rt_page *page;

	while ((page = __rt_page_next(v, first, 0))) {
		first = page->index + 1;
		if (page->mapped) {
			__rt_page_put(page, 0, NULL, RT_PAGE_BYTES);
			__rt_page_mark(v, page, 0);
			continue;
		}
		__rt_page_remove(v, page);
		__rt_pool_give(page);
	}
}

static long zero_part(struct rt_vnode *v, uint64_t from, uint64_t to)
{
	struct rt_page *page;
	long err;

	if (from >= v->size || from == to)
		return 0;
	if (!has_disk(v) && !__rt_page_find(v, from / RT_PAGE_BYTES))
		return 0;
	err = get_page(v, from / RT_PAGE_BYTES, 1, &page);
	if (err)
		return err;
	__rt_page_put(page, from % RT_PAGE_BYTES, NULL, to - from);
	__rt_page_dirty(v, page);
	return 0;
}

long __rt_page_zero(struct rt_vnode *v, uint64_t from, uint64_t to)
{
	uint64_t first = pages_up(from), last = to / RT_PAGE_BYTES;
	struct rt_page *page;
	long err;

	if (from / RT_PAGE_BYTES == to / RT_PAGE_BYTES)
		return zero_part(v, from, to);
	err = zero_part(v, from, first * RT_PAGE_BYTES);
	if (!err)
		err = zero_part(v, last * RT_PAGE_BYTES, to);
	while (!err && (page = __rt_page_next(v, first, 0)) &&
	       page->index < last) {
		first = page->index + 1;
		if (page->mapped) {
			__rt_page_put(page, 0, NULL, RT_PAGE_BYTES);
			continue;
		}
		__rt_page_remove(v, page);
		__rt_pool_give(page);
	}
	return err;
}
