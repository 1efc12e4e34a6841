/* SPDX-License-Identifier: ISC */
#include "disk_dir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "disk_map.h"

#define ENTRY_HEADER_BYTES 8

struct scan {
	ext2_filsys fs;
	const struct disk_inode *dir;
	errcode_t (*each)(void *arg, const char *name, ext2_ino_t ino,
			  int type);
	void *arg;
	char *buf;
};

static errcode_t scan_entry(struct scan *s, const struct ext2_dir_entry *e)
{
	int n = ext2fs_dirent_name_len(e);
	char name[EXT2_NAME_LEN + 1];
	int type = EXT2_FT_UNKNOWN;

	memcpy(name, e->name, (size_t)n);
	name[n] = '\0';
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return 0;
	if (n == 0 || strlen(name) != (size_t)n || strchr(name, '/') ||
	    e->inode < EXT2_FIRST_INO(s->fs->super) ||
	    e->inode > s->fs->super->s_inodes_count)
		return EUCLEAN;
	if (ext2fs_has_feature_filetype(s->fs->super))
		type = ext2fs_dirent_file_type(e);
	return s->each(s->arg, name, e->inode, type);
}

static errcode_t scan_entries(struct scan *s, const char *buf, size_t bytes)
{
	size_t at = 0;

	while (at + ENTRY_HEADER_BYTES <= bytes) {
		const struct ext2_dir_entry *e = (const void *)(buf + at);
		unsigned rec_len = 0;
		errcode_t err;

		err = ext2fs_get_rec_len(s->fs, (struct ext2_dir_entry *)e,
					 &rec_len);
		if (err)
			return err;
		if (rec_len < ENTRY_HEADER_BYTES || rec_len % 4 ||
		    rec_len > bytes - at)
			return EUCLEAN;
		if (e->inode) {
			int n = ext2fs_dirent_name_len(e);

			if ((unsigned)n + ENTRY_HEADER_BYTES > rec_len)
				return EUCLEAN;
			err = scan_entry(s, e);
		}
		if (err)
			return err;
		at += rec_len;
	}
	return 0;
}

static errcode_t scan_run(void *arg, const struct disk_run *run)
{
	struct scan *s = arg;

	for (uint64_t i = 0; i < run->count; i++) {
		errcode_t err = ext2fs_read_dir_block4(s->fs, run->physical + i,
						       s->buf, 0, s->dir->ino);

		if (!err)
			err = scan_entries(s, s->buf, s->fs->blocksize);
		if (err)
			return err;
	}
	return 0;
}

/* The inode of "..", entries, and in an extended attribute more of them. */
static errcode_t scan_inline(struct scan *s)
{
	size_t bytes = disk_inode_size(s->fs, s->dir);
	size_t first = EXT4_MIN_INLINE_DATA_SIZE;
	errcode_t err;
	char *buf;

	/* What an inode, that is a block at most, can hold. */
	if (bytes < first || bytes > s->fs->blocksize)
		return EUCLEAN;
	buf = malloc(bytes);
	if (!buf)
		return EXT2_ET_NO_MEMORY;
	err = disk_map_inline(s->fs, s->dir, buf, bytes);
	if (!err)
		err = scan_entries(s, buf + EXT4_INLINE_DATA_DOTDOT_SIZE,
				   first - EXT4_INLINE_DATA_DOTDOT_SIZE);
	if (!err)
		err = scan_entries(s, buf + first, bytes - first);
	free(buf);
	return err;
}

errcode_t disk_dir_each(ext2_filsys fs, const struct disk_inode *dir,
			errcode_t (*each)(void *arg, const char *name,
					  ext2_ino_t ino, int type),
			void *arg)
{
	struct scan s = {.fs = fs, .dir = dir, .each = each, .arg = arg};
	errcode_t err;

	if (!disk_inode_is_dir(dir))
		return ENOTDIR;
	if (dir->raw.i_flags & EXT4_ENCRYPT_FL)
		return EACCES;
	if (dir->raw.i_flags & EXT4_INLINE_DATA_FL)
		return scan_inline(&s);
	s.buf = malloc(fs->blocksize);
	if (!s.buf)
		return EXT2_ET_NO_MEMORY;
	err = disk_map_each(fs, dir, scan_run, &s);
	free(s.buf);
	return err;
}

errcode_t disk_dir_list_add(struct disk_dir *list, const char *name,
			    ext2_ino_t ino, int type)
{
	if (list->n == list->allocated) {
		size_t want = list->allocated * 2 + 64;
		struct disk_entry *entry =
			reallocarray(list->entry, want, sizeof(*entry));

		if (!entry)
			return EXT2_ET_NO_MEMORY;
		list->entry = entry;
		list->allocated = want;
	}
	list->entry[list->n] = (struct disk_entry){ino, type, strdup(name)};
	if (!list->entry[list->n].name)
		return EXT2_ET_NO_MEMORY;
	list->n++;
	return 0;
}

static errcode_t collect(void *arg, const char *name, ext2_ino_t ino, int type)
{
	return disk_dir_list_add(arg, name, ino, type);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct disk_entry *)a)->name,
		      ((const struct disk_entry *)b)->name);
}

errcode_t disk_dir_read(ext2_filsys fs, const struct disk_inode *dir,
			struct disk_dir *list)
{
	errcode_t err = disk_dir_each(fs, dir, collect, list);

	if (list->n)
		qsort(list->entry, list->n, sizeof(*list->entry), by_name);
	return err;
}

void disk_dir_finish(struct disk_dir *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->entry[i].name);
	free(list->entry);
	*list = (struct disk_dir){0};
}

struct lookup {
	const char *name;
	ext2_ino_t ino;
};

static errcode_t match(void *arg, const char *name, ext2_ino_t ino, int type)
{
	struct lookup *l = arg;

	(void)type;
	if (strcmp(name, l->name) != 0)
		return 0;
	l->ino = ino;
	return ECANCELED;
}

errcode_t disk_dir_lookup(ext2_filsys fs, const struct disk_inode *dir,
			  const char *name, ext2_ino_t *ino)
{
	struct lookup l = {.name = name};
	errcode_t err = disk_dir_each(fs, dir, match, &l);

	if (err != ECANCELED)
		return err ? err : ENOENT;
	*ino = l.ino;
	return 0;
}
