/* SPDX-License-Identifier: ISC */
/*
 * THEORY OF OPERATION
 * libext2fs writes bitmaps, inodes and directories as it goes. A copy that
 * fails half-way would leave a damaged disk, so these writes are kept here, in
 * pages, and reach the file together or not at all. Contents of files are many
 * and go straight to the file, into blocks that are free as far as the file
 * knows; whoever uses this frees no block before the commit. Pages that were
 * only read are kept too, up to a limit, as directories are read again and
 * again.
 */
#include "disk_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE_BYTES	((uint64_t)4096)
#define CHUNK_PAGES	512
#define CLEAN_PAGES_MAX 8192
#define GATHER_PAGES	64

struct page {
	bool dirty;
	uint8_t data[PAGE_BYTES];
};

struct chunk {
	struct page *page[CHUNK_PAGES];
};

struct disk_pages {
	struct disk_io_source source;
	uint64_t page_count;
	size_t clean_count;
	struct chunk **chunk;
};

static bool in_file(const struct disk_pages *p, uint64_t offset, uint64_t bytes)
{
	return bytes <= p->source.bytes && offset <= p->source.bytes - bytes;
}

static size_t chunk_count(const struct disk_pages *p)
{
	return (size_t)((p->page_count + CHUNK_PAGES - 1) / CHUNK_PAGES);
}

/* Bytes of page @n that the file has; less than a page only at its end. */
static size_t page_bytes(const struct disk_pages *p, uint64_t n)
{
	uint64_t left = p->source.bytes - n * PAGE_BYTES;

	return (size_t)(left < PAGE_BYTES ? left : PAGE_BYTES);
}

static struct page *page_find(const struct disk_pages *p, uint64_t n)
{
	const struct chunk *chunk = p->chunk[n / CHUNK_PAGES];

	return chunk ? chunk->page[n % CHUNK_PAGES] : NULL;
}

static void drop_clean(struct disk_pages *p)
{
	for (size_t c = 0; c < chunk_count(p); c++)
		for (size_t i = 0; p->chunk[c] && i < CHUNK_PAGES; i++) {
			struct page **page = &p->chunk[c]->page[i];

			if (*page && !(*page)->dirty) {
				free(*page);
				*page = NULL;
			}
		}
	p->clean_count = 0;
}

static errcode_t read_fully(const struct disk_pages *p, uint64_t offset,
			    void *buf, size_t bytes)
{
	uint8_t *to = buf;

	while (bytes) {
		ssize_t n = pread(p->source.fd, to, bytes,
				  (off_t)(p->source.base + offset));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			return EXT2_ET_SHORT_READ;
		to += n;
		offset += (uint64_t)n;
		bytes -= (size_t)n;
	}
	return 0;
}

static errcode_t write_fully(const struct disk_pages *p, uint64_t offset,
			     const void *buf, size_t bytes)
{
	const uint8_t *from = buf;

	while (bytes) {
		ssize_t n = pwrite(p->source.fd, from, bytes,
				   (off_t)(p->source.base + offset));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		from += n;
		offset += (uint64_t)n;
		bytes -= (size_t)n;
	}
	return 0;
}

/* Page @n as it is in the file, unless @overwrite says it need not be read. */
static errcode_t page_get(struct disk_pages *p, uint64_t n, bool overwrite,
			  struct page **out)
{
	struct page *page = page_find(p, n);
	struct chunk **chunk = &p->chunk[n / CHUNK_PAGES];
	errcode_t err = 0;

	if (page) {
		*out = page;
		return 0;
	}
	if (p->clean_count >= CLEAN_PAGES_MAX)
		drop_clean(p);
	if (!*chunk)
		*chunk = calloc(1, sizeof(**chunk));
	page = *chunk ? calloc(1, sizeof(*page)) : NULL;
	if (!page)
		return EXT2_ET_NO_MEMORY;
	if (!overwrite)
		err = read_fully(p, n * PAGE_BYTES, page->data,
				 page_bytes(p, n));
	if (err) {
		free(page);
		return err;
	}
	p->clean_count++;
	(*chunk)->page[n % CHUNK_PAGES] = page;
	*out = page;
	return 0;
}

static void page_dirty(struct disk_pages *p, struct page *page)
{
	p->clean_count -= !page->dirty;
	page->dirty = true;
}

static errcode_t copy_pages(struct disk_pages *p, bool write, uint64_t offset,
			    uint8_t *buf, size_t bytes)
{
	if (!in_file(p, offset, bytes))
		return write ? EXT2_ET_SHORT_WRITE : EXT2_ET_SHORT_READ;
	while (bytes) {
		uint64_t n = offset / PAGE_BYTES;
		size_t at = (size_t)(offset % PAGE_BYTES);
		size_t piece = PAGE_BYTES - at;
		struct page *page;
		errcode_t err;

		if (piece > bytes)
			piece = bytes;
		err = page_get(p, n, write && piece == PAGE_BYTES, &page);
		if (err)
			return err;
		if (!write) {
			memcpy(buf, page->data + at, piece);
		} else {
			memcpy(page->data + at, buf, piece);
			page_dirty(p, page);
		}
		buf += piece;
		offset += piece;
		bytes -= piece;
	}
	return 0;
}

errcode_t disk_pages_read(struct disk_pages *p, uint64_t offset, void *buf,
			  size_t bytes)
{
	return copy_pages(p, false, offset, buf, bytes);
}

errcode_t disk_pages_write(struct disk_pages *p, uint64_t offset,
			   const void *buf, size_t bytes)
{
	if (!p->source.writable)
		return EROFS;
	return copy_pages(p, true, offset, (uint8_t *)buf, bytes);
}

errcode_t disk_pages_zero(struct disk_pages *p, uint64_t offset, uint64_t bytes)
{
	if (!p->source.blank || offset % PAGE_BYTES || bytes % PAGE_BYTES ||
	    !in_file(p, offset, bytes))
		return EXT2_ET_UNIMPLEMENTED;
	for (uint64_t n = offset / PAGE_BYTES; bytes; n++) {
		struct page *page = page_find(p, n);

		if (page) {
			memset(page->data, 0, PAGE_BYTES);
			page_dirty(p, page);
		}
		bytes -= PAGE_BYTES;
	}
	return 0;
}

errcode_t disk_pages_create(const struct disk_io_source *source,
			    struct disk_pages **out)
{
	struct disk_pages *p = calloc(1, sizeof(*p));

	if (!p)
		return EXT2_ET_NO_MEMORY;
	p->source = *source;
	p->page_count = (source->bytes + PAGE_BYTES - 1) / PAGE_BYTES;
	/* An array of pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
	p->chunk = calloc(chunk_count(p) + 1, sizeof(*p->chunk));
	if (!p->chunk) {
		free(p);
		return EXT2_ET_NO_MEMORY;
	}
	*out = p;
	return 0;
}

void disk_pages_destroy(struct disk_pages *p)
{
	for (size_t c = 0; c < chunk_count(p); c++) {
		for (size_t i = 0; p->chunk[c] && i < CHUNK_PAGES; i++)
			free(p->chunk[c]->page[i]);
		free(p->chunk[c]);
	}
	free(p->chunk);
	free(p);
}

/* Between pages in memory and a caller's buffer, where there are such pages. */
static void overlay(const struct disk_pages *p, bool write, uint64_t offset,
		    uint8_t *buf, size_t bytes)
{
	while (bytes) {
		size_t at = (size_t)(offset % PAGE_BYTES);
		size_t piece = PAGE_BYTES - at;
		struct page *page = page_find(p, offset / PAGE_BYTES);

		if (piece > bytes)
			piece = bytes;
		if (page && write)
			memcpy(page->data + at, buf, piece);
		else if (page)
			memcpy(buf, page->data + at, piece);
		buf += piece;
		offset += piece;
		bytes -= piece;
	}
}

errcode_t disk_pages_read_direct(struct disk_pages *p, uint64_t offset,
				 void *buf, size_t bytes)
{
	errcode_t err;

	if (!in_file(p, offset, bytes))
		return EXT2_ET_SHORT_READ;
	err = read_fully(p, offset, buf, bytes);
	if (!err)
		overlay(p, false, offset, buf, bytes);
	return err;
}

errcode_t disk_pages_write_direct(struct disk_pages *p, uint64_t offset,
				  const void *buf, size_t bytes)
{

	if (!in_file(p, offset, bytes))
		return EXT2_ET_SHORT_WRITE;
	overlay(p, true, offset, (uint8_t *)buf, bytes);
	return write_fully(p, offset, buf, bytes);
}

static bool is_dirty(const struct disk_pages *p, uint64_t n)
{
	const struct page *page = page_find(p, n);

	return page && page->dirty;
}

/* Moves *@from to the next page to be written; in *@count how many follow. */
static bool next_dirty(const struct disk_pages *p, uint64_t *from,
		       size_t *count)
{
	uint64_t n = *from, end;

	while (n < p->page_count && !is_dirty(p, n))
		n = p->chunk[n / CHUNK_PAGES]
			    ? n + 1
			    : (n / CHUNK_PAGES + 1) * CHUNK_PAGES;
	end = n;
	while (end < p->page_count && end - n < GATHER_PAGES &&
	       is_dirty(p, end))
		end++;
	*from = n;
	*count = (size_t)(end - n);
	return end > n;
}

/* Makes room in a sparse file, so that no write fails half-way. */
static errcode_t reserve(const struct disk_pages *p)
{
	size_t count;

	for (uint64_t n = 0; next_dirty(p, &n, &count); n += count) {
		uint64_t bytes =
			(count - 1) * PAGE_BYTES + page_bytes(p, n + count - 1);

		if (!fallocate(p->source.fd, 0,
			       (off_t)(p->source.base + n * PAGE_BYTES),
			       (off_t)bytes))
			continue;
		/* Others say that this file cannot be asked. */
		return errno == ENOSPC || errno == EDQUOT ? errno : 0;
	}
	return 0;
}

static errcode_t write_pages(const struct disk_pages *p, uint64_t n,
			     size_t count)
{
	struct iovec iov[GATHER_PAGES];
	size_t total = 0;
	ssize_t written;

	for (size_t i = 0; i < count; i++) {
		iov[i].iov_base = page_find(p, n + i)->data;
		iov[i].iov_len = page_bytes(p, n + i);
		total += iov[i].iov_len;
	}
	written = pwritev(p->source.fd, iov, (int)count,
			  (off_t)(p->source.base + n * PAGE_BYTES));
	if (written == (ssize_t)total)
		return 0;
	/* Interrupted or cut short: page by page. */
	for (size_t i = 0; i < count; i++) {
		errcode_t err = write_fully(p, (n + i) * PAGE_BYTES,
					    iov[i].iov_base, iov[i].iov_len);

		if (err)
			return err;
	}
	return 0;
}

static errcode_t sync_file(const struct disk_pages *p)
{
	if (p->source.blank)
		return 0;
	while (fdatasync(p->source.fd) < 0)
		if (errno != EINTR)
			return errno;
	return 0;
}

errcode_t disk_pages_commit(struct disk_pages *p,
			    const struct ext2_super_block *unclean)
{
	errcode_t err = 0;
	size_t count;

	if (unclean) {
		err = reserve(p);
		if (!err)
			err = write_fully(p, SUPERBLOCK_OFFSET, unclean,
					  SUPERBLOCK_SIZE);
		if (!err)
			err = sync_file(p);
	}
	for (uint64_t n = 1; !err && next_dirty(p, &n, &count); n += count)
		err = write_pages(p, n, count);
	if (!err)
		err = sync_file(p);
	if (!err && is_dirty(p, 0))
		err = write_pages(p, 0, 1);
	if (!err)
		err = sync_file(p);
	return err;
}
