/* SPDX-License-Identifier: ISC */
/*
 * mmap(2) of files.
 *
 * THEORY OF OPERATION
 * Memory cannot be filled when it is first touched, so it is filled at once.
 * A private mapping is a copy. A shared one becomes the page cache for its
 * part of the file: read() and write() use its memory. As there can be only
 * one such memory, a second shared mapping of the same part gets the same
 * address. What was written to it goes to the disk with the file's other pages
 * (fsync, msync, munmap, the end of the program).
 */
#include "file_map.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "file.h"
#include "file_vnode.h"
#include "mount.h"
#include "page.h"
#include "page_tree.h"
#include "rt_syscall.h"
#include "vnode.h"

struct map {
	struct map *next;
	struct rt_vnode *v;
	uintptr_t start;
	size_t pages;
	uint64_t index; /* of the first in the file */
	int may_write;
};

static struct map *maps;

static size_t pages_up(size_t bytes)
{
	return bytes / RT_PAGE_BYTES + !!(bytes % RT_PAGE_BYTES);
}

static uintptr_t end_of(const struct map *m)
{
	return m->start + m->pages * RT_PAGE_BYTES;
}

static int overlap(uintptr_t start, size_t bytes)
{
	uintptr_t end = start + pages_up(bytes) * RT_PAGE_BYTES;

	for (const struct map *m = maps; m; m = m->next)
		if (m->start < end && start < end_of(m))
			return 1;
	return 0;
}

static long sync_range(uintptr_t start, size_t bytes, int flags)
{
	uintptr_t end = start + pages_up(bytes) * RT_PAGE_BYTES;
	long err = 0;

	for (const struct map *m = maps; m && !err; m = m->next)
		if (m->start < end && start < end_of(m) && (flags & MS_SYNC))
			err = __rt_vnode_sync(m->v, 1);
	return err;
}

static void forget(struct map *m)
{
	struct map **at = &maps;

	while (*at != m)
		at = &(*at)->next;
	*at = m->next;
	m->v->maps = NULL;
	for (struct map *other = maps; other; other = other->next)
		if (other->v == m->v)
			m->v->maps = other;
	__rt_vnode_put(m->v);
	__rt_free(m);
}

/* Takes page @i of @m out of it. */
static long unmap_page(struct map *m, size_t i)
{
	struct map *rest = NULL;
	long err;

	if (i && i + 1 < m->pages) {
		rest = __rt_calloc(1, sizeof(*rest));
		if (!rest)
			return -ENOMEM;
	}
	err = __rt_page_unmap(m->v, m->index + i);
	if (err) {
		__rt_free(rest);
		return err;
	}
	if (rest) {
		*rest = *m;
		rest->start += (i + 1) * RT_PAGE_BYTES;
		rest->index += i + 1;
		rest->pages -= i + 1;
		__rt_vnode_hold(m->v);
		rest->next = maps;
		maps = rest;
	}
	if (i) {
		m->pages = i;
	} else {
		m->start += RT_PAGE_BYTES;
		m->index++;
		m->pages--;
	}
	if (!m->pages)
		forget(m);
	return 0;
}

static long unmap(uintptr_t page)
{
	for (struct map *m = maps; m; m = m->next)
		if (m->start <= page && page < end_of(m))
			return unmap_page(m, (page - m->start) / RT_PAGE_BYTES);
	return 0;
}

static long protect(uintptr_t start, size_t bytes, int writable)
{
	uintptr_t end = start + pages_up(bytes) * RT_PAGE_BYTES;

	for (const struct map *m = maps; m && writable; m = m->next)
		if (m->start < end && start < end_of(m) && !m->may_write)
			return -EACCES;
	for (const struct map *m = maps; m; m = m->next)
		for (size_t i = 0; i < m->pages; i++) {
			uintptr_t page = m->start + i * RT_PAGE_BYTES;

			if (page >= start && page < end)
				__rt_page_find(m->v, m->index + i)->read_only =
					!writable;
		}
	return 0;
}

static int is_alone(uintptr_t page)
{
	for (const struct map *m = maps; m; m = m->next)
		if (m->start <= page && page < end_of(m))
			return __rt_page_find(m->v,
					      m->index + (page - m->start) /
								 RT_PAGE_BYTES)
				       ->mapped == 1;
	return 1;
}

static const struct rt_shared_maps shared_maps = {
	.unmap = unmap,
	.sync = sync_range,
	.protect = protect,
	.is_alone = is_alone,
	.overlap = overlap,
};

/* A mapping that has all of what is asked for already. */
static struct map *find(const struct rt_vnode *v, uint64_t index, size_t pages)
{
	for (struct map *m = maps; m; m = m->next)
		if (m->v == v && m->index <= index &&
		    index + pages <= m->index + m->pages)
			return m;
	return NULL;
}

static long map_shared(struct rt_vnode *v, uintptr_t start, size_t pages,
		       uint64_t index, int may_write)
{
	struct map *m = __rt_calloc(1, sizeof(*m));
	long err = m ? 0 : -ENOMEM;
	size_t done = 0;

	while (!err && done < pages) {
		err = __rt_page_map(v, index + done,
				    (char *)start + done * RT_PAGE_BYTES);
		done += !err;
	}
	if (err) {
		while (done)
			__rt_page_unmap(v, index + --done);
		__rt_free(m);
		return err == -EBUSY ? -ENOMEM : err;
	}
	*m = (struct map){maps,	 __rt_vnode_hold(v), start, pages,
			  index, may_write};
	maps = m;
	v->maps = m;
	__rt_vnode_list_dirty(v);
	__rt_shared_maps = &shared_maps;
	return 0;
}

static long check(const struct rt_file *file, int protection, int flags)
{
	if (!S_ISREG(file->vnode->mode))
		return -ENODEV;
	if (!__rt_reads(file))
		return -EACCES;
	if ((flags & MAP_SHARED) && (protection & PROT_WRITE) &&
	    !__rt_writes(file))
		return -EACCES;
	return 0;
}

long __rt_vnode_map(struct rt_file *file, uintptr_t hint, size_t bytes,
		    int protection, int flags, uint64_t offset)
{
	int fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
	uint64_t index = offset / RT_PAGE_BYTES;
	struct rt_vnode *v = file->vnode;
	long start, err = check(file, protection, flags);
	struct map *m;

	if (err)
		return err;
	m = flags & MAP_SHARED && !fixed ? find(v, index, pages_up(bytes))
					 : NULL;
	if (m) {
		for (size_t i = 0; i < pages_up(bytes); i++)
			__rt_page_share(v, index + i);
		m->may_write |= __rt_writes(file);
		return (long)(m->start + (index - m->index) * RT_PAGE_BYTES);
	}
	start = __rt_sys_mmap(hint, bytes, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | fixed, -1, 0);
	if (start < 0 && start > -4096)
		return start;
	if (flags & MAP_SHARED) {
		err = map_shared(v, (uintptr_t)start, pages_up(bytes), index,
				 __rt_writes(file));
	} else {
		struct iovec iov = {(void *)start, bytes};

		err = __rt_page_read(v, &iov, 1, offset);
		if (err > 0)
			err = 0;
	}
	if (err) {
		__rt_sys_munmap((uintptr_t)start, bytes);
		return err;
	}
	return start;
}
