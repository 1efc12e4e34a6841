/* SPDX-License-Identifier: ISC */
#include "ext_inline.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "ext_dirent.h"

#define IN_BLOCK 60 /* bytes in place of the map; the rest is an attribute */
#define PARENT	 4  /* a directory begins with the number of the one above */

/* All of it; to be freed. */
static long content(struct ext_vnode *x, uint8_t **to, size_t *bytes)
{
	struct ext_mount *m = ext_mount(x);
	ext2_ino_t ino = (ext2_ino_t)x->v.ino;
	long r = ext_errno(ext2fs_inline_data_size(m->fs, ino, bytes));

	if (r < 0)
		return r;
	if (*bytes > m->block_bytes)
		return -EUCLEAN;
	*to = __rt_calloc(1, *bytes);
	if (!*to)
		return -ENOMEM;
	r = ext_errno(ext2fs_inline_data_get(
		m->fs, ino, (struct ext2_inode *)&x->raw, *to, bytes));
	if (r < 0)
		__rt_free(*to);
	return r;
}

long ext_inline_read(struct ext_vnode *x, uint64_t offset, void *to,
		     size_t bytes)
{
	size_t have;
	uint8_t *from;
	long r = content(x, &from, &have);

	if (r < 0)
		return r;
	if (have > x->v.size)
		have = x->v.size;
	if (offset >= have)
		bytes = 0;
	else if (bytes > have - offset)
		bytes = have - offset;
	memcpy(to, from + (bytes ? offset : 0), bytes);
	__rt_free(from);
	return (long)bytes;
}

struct list {
	uint8_t *bytes;
	size_t count;
	size_t at;
};

/* The next entry that is used, at @list->at; it is moved behind. */
static struct ext2_dir_entry *entry_next(struct list *list)
{
	while (list->at < list->count) {
		struct ext2_dir_entry *e =
			ext_dirent_at(list->bytes, (unsigned)list->at);

		list->at += e->rec_len;
		if (e->inode)
			return e;
	}
	return NULL;
}

/* There are two pieces, each filled with entries. */
static long list_read(struct ext_vnode *dir, struct list *list)
{
	long r = content(dir, &list->bytes, &list->count);

	if (r < 0)
		return r;
	list->at = PARENT;
	if (list->count < IN_BLOCK ||
	    !ext_dirents_good(list->bytes + PARENT, IN_BLOCK - PARENT) ||
	    !ext_dirents_good(list->bytes + IN_BLOCK,
			      (unsigned)list->count - IN_BLOCK)) {
		__rt_free(list->bytes);
		return -EUCLEAN;
	}
	return 0;
}

long ext_inline_lookup(struct ext_vnode *dir, const char *name, size_t bytes,
		       uint64_t *ino)
{
	const struct ext2_dir_entry *e;
	struct list list;
	uint32_t parent;
	long r = list_read(dir, &list);

	if (r < 0)
		return r;
	r = -ENOENT;
	if (bytes == 2 && memcmp(name, "..", 2) == 0) {
		memcpy(&parent, list.bytes, sizeof(parent));
		*ino = parent;
		r = 0;
	}
	while (r && (e = entry_next(&list)))
		if (ext_dirent_name_bytes(e) == bytes &&
		    memcmp(e->name, name, bytes) == 0) {
			*ino = e->inode;
			r = 0;
		}
	__rt_free(list.bytes);
	return r;
}

long ext_inline_readdir(struct ext_vnode *dir, uint64_t at, rt_emit *emit,
			void *to)
{
	const struct ext_mount *m = ext_mount(dir);
	const struct ext2_dir_entry *e;
	struct list list;
	uint32_t parent;
	int full = 0;
	long r = list_read(dir, &list);

	if (r < 0)
		return r;
	memcpy(&parent, list.bytes, sizeof(parent));
	if (at < 1)
		full = emit(to, ".", 1, dir->v.ino, DT_DIR, 1);
	if (!full && at < 2)
		full = emit(to, "..", 2, parent, DT_DIR, 2);
	while (!full && (e = entry_next(&list))) {
		if (list.at <= at)
			continue;
		if (!ext_dirent_name_good(e)) {
			r = -EUCLEAN;
			break;
		}
		full = emit(to, e->name, ext_dirent_name_bytes(e), e->inode,
			    ext_dirent_dt(m, e), list.at);
	}
	__rt_free(list.bytes);
	return r;
}
