/* SPDX-License-Identifier: ISC */
/*
 * The data of files in memory: one page cache for all file systems. Files of
 * one without a disk (allocate is NULL) live in it alone.
 */
#ifndef RT_PAGE_H
#define RT_PAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct rt_vnode;

#define RT_PAGE_BYTES 4096UL

struct rt_page {
	struct rt_vnode *vnode; /* NULL: free */
	uint64_t index;
	char *data;
	int dirty;
	int mapped;		       /* by so many: data is their memory */
	int read_only;		       /* mapped: the program may not write */
	uint64_t digest;	       /* mapped: of what was last written */
	struct rt_page *older, *newer; /* in use lately, or free */
	struct rt_page_chunk *chunk;   /* NULL: mapped */
};

/* At @offset; short at the end of the file. Bytes or -errno. */
long __rt_page_read(struct rt_vnode *v, const struct iovec *iov, int count,
		    uint64_t offset);

/*
 * At @offset, growing the file. Bytes, fewer than asked where the disk is
 * full, or -errno. Sizes and times are the caller's to set, but for size.
 */
long __rt_page_write(struct rt_vnode *v, const struct iovec *iov, int count,
		     uint64_t offset);

/* Writes what is dirty, as far as there are blocks for it. 0 or -errno. */
long __rt_page_write_back(struct rt_vnode *v);

/* Forgets the pages from index @first on, dirty or not; mapped ones are zero */
void __rt_page_drop(struct rt_vnode *v, uint64_t first);

/* Makes [from, to) of the file zero in memory. 0 or -errno. */
long __rt_page_zero(struct rt_vnode *v, uint64_t from, uint64_t to);

/* For a file without a disk: rt_fs_ops.seek; and all of a range has pages. */
long __rt_page_seek(struct rt_vnode *v, uint64_t offset, int hole,
		    uint64_t *found);
long __rt_page_fill(struct rt_vnode *v, uint64_t offset, uint64_t bytes);

/* For page_map.c: the page as the file has it, with nothing read ahead. */
long __rt_page_get(struct rt_vnode *v, uint64_t index, struct rt_page **to);
/* Puts a page from the pool into the file, or back into the pool: -ENOMEM. */
long __rt_page_adopt(struct rt_vnode *v, struct rt_page *page, uint64_t index);
/* Gives the range blocks, as a file system's allocate. */
long __rt_page_allocate(struct rt_vnode *v, uint64_t offset, uint64_t bytes);
/* The page has to be written. */
void __rt_page_dirty(struct rt_vnode *v, struct rt_page *page);

/*
 * A shared mapping takes over a page: what the file has at @index is in @data
 * from now on. 0 or -errno. And gives it back; -EBUSY when others share it.
 */
long __rt_page_map(struct rt_vnode *v, uint64_t index, char *data);
void __rt_page_share(struct rt_vnode *v, uint64_t index);
long __rt_page_unmap(struct rt_vnode *v, uint64_t index);

/* Bytes of @from, or zeros, to a page, whatever the program may do with it. */
void __rt_page_put(const struct rt_page *page, size_t skip, const void *from,
		   size_t bytes);

/* What was written past the end through a mapping is zero again. */
void __rt_page_cut_mapped(const struct rt_vnode *v);

/* Whether a mapped page was changed since it was written; marks it dirty. */
void __rt_page_check_mapped(struct rt_vnode *v, uint64_t index);

#endif
