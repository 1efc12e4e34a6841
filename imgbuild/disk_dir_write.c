/* SPDX-License-Identifier: ISC */
#include "disk_dir_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "disk_map.h"

#define ENTRY_HEADER_BYTES 8

static unsigned entry_bytes(const char *name)
{
	return ((unsigned)strlen(name) + ENTRY_HEADER_BYTES + 3) & ~3u;
}

static unsigned block_room(ext2_filsys fs)
{
	struct disk_dir_size size;

	disk_dir_size_begin(&size, fs->blocksize,
			    ext2fs_has_feature_metadata_csum(fs->super));
	return size.room;
}

void disk_dir_size_begin(struct disk_dir_size *size, unsigned block_bytes,
			 bool has_checksum)
{
	size->room = block_bytes;
	if (has_checksum)
		size->room -= (unsigned)sizeof(struct ext2_dir_entry_tail);
	size->used = entry_bytes(".") + entry_bytes("..");
	size->blocks = 1;
}

void disk_dir_size_add(struct disk_dir_size *size, const char *name)
{
	unsigned bytes = entry_bytes(name);

	if (bytes > size->room - size->used) {
		size->blocks++;
		size->used = 0;
	}
	size->used += bytes;
}

static errcode_t keep_last(void *arg, const struct disk_run *run)
{
	*(uint64_t *)arg = run->physical + run->count - 1;
	return 0;
}

/* The entry of a block that has @need bytes behind its name; NULL: none. */
static struct ext2_dir_entry *find_room(ext2_filsys fs, char *buf,
					unsigned need)
{
	unsigned room = block_room(fs), rec_len = 0, used;

	for (unsigned at = 0; at + ENTRY_HEADER_BYTES <= room; at += rec_len) {
		struct ext2_dir_entry *e = (void *)(buf + at);

		ext2fs_get_rec_len(fs, e, &rec_len);
		if (rec_len < ENTRY_HEADER_BYTES || rec_len > room - at)
			break;
		used = ENTRY_HEADER_BYTES + 3 +
		       (unsigned)ext2fs_dirent_name_len(e);
		used = e->inode ? used & ~3u : 0;
		if (used <= rec_len && rec_len - used >= need)
			return e;
	}
	return NULL;
}

/*
 * Into the last block, which is where there is room when one name after the
 * other is added: libext2fs begins its search at the first, every time.
 */
static errcode_t add_to_last(ext2_filsys fs, const struct disk_inode *dir,
			     const char *name, ext2_ino_t ino, int type)
{
	struct ext2_dir_entry *e, *new;
	unsigned rec_len = 0, used = 0;
	uint64_t block = 0;
	char *buf = malloc(fs->blocksize);
	errcode_t err = buf ? 0 : EXT2_ET_NO_MEMORY;

	if (!err)
		err = disk_map_each(fs, dir, keep_last, &block);
	if (!err && !block)
		err = EUCLEAN;
	if (!err)
		err = ext2fs_read_dir_block4(fs, block, buf, 0, dir->ino);
	e = err ? NULL : find_room(fs, buf, entry_bytes(name));
	if (!e) {
		free(buf);
		return err ? err : EXT2_ET_DIR_NO_SPACE;
	}
	ext2fs_get_rec_len(fs, e, &rec_len);
	if (e->inode) {
		used = ENTRY_HEADER_BYTES + 3 +
		       (unsigned)ext2fs_dirent_name_len(e);
		used &= ~3u;
		ext2fs_set_rec_len(fs, used, e);
	}
	new = (void *)((char *)e + used);
	memset(new, 0, ENTRY_HEADER_BYTES);
	new->inode = ino;
	ext2fs_dirent_set_name_len(new, (int)strlen(name));
	if (ext2fs_has_feature_filetype(fs->super))
		ext2fs_dirent_set_file_type(new, type);
	memcpy(new->name, name, strlen(name));
	ext2fs_set_rec_len(fs, rec_len - used, new);
	err = ext2fs_write_dir_block4(fs, block, buf, 0, dir->ino);
	free(buf);
	return err;
}

/* libext2fs unpacks an inline directory into one block and looks no further. */
static errcode_t check_inline(ext2_filsys fs, const struct disk_inode *dir)
{
	size_t bytes;
	errcode_t err;

	if (!(dir->raw.i_flags & EXT4_INLINE_DATA_FL))
		return 0;
	err = ext2fs_inline_data_size(fs, dir->ino, &bytes);
	if (!err &&
	    (bytes > EXT2_INODE_SIZE(fs->super) || bytes > fs->blocksize / 2))
		err = EUCLEAN;
	return err;
}

errcode_t disk_dir_add(ext2_filsys fs, ext2_ino_t dir_ino, const char *name,
		       ext2_ino_t ino, int type)
{
	struct disk_inode dir;
	errcode_t err = disk_inode_read(fs, dir_ino, &dir);

	if (!err)
		err = check_inline(fs, &dir);
	if (!err && !(dir.raw.i_flags & (EXT4_INLINE_DATA_FL | EXT2_INDEX_FL)))
		err = add_to_last(fs, &dir, name, ino, type);
	else if (!err)
		err = EXT2_ET_DIR_NO_SPACE;
	/* A block more is enough for the longest of names. */
	for (int tries = 0; err == EXT2_ET_DIR_NO_SPACE && tries < 3; tries++) {
		err = ext2fs_link(fs, dir_ino, name, ino, type);
		if (err != EXT2_ET_DIR_NO_SPACE || tries == 2)
			break;
		err = ext2fs_expand_dir(fs, dir_ino);
		if (!err)
			err = EXT2_ET_DIR_NO_SPACE;
	}
	return err;
}

static errcode_t check_inline_of(ext2_filsys fs, ext2_ino_t ino)
{
	struct disk_inode dir;
	errcode_t err = disk_inode_read(fs, ino, &dir);

	return err ? err : check_inline(fs, &dir);
}

errcode_t disk_dir_remove(ext2_filsys fs, ext2_ino_t dir, const char *name)
{
	errcode_t err = check_inline_of(fs, dir);

	return err ? err : ext2fs_unlink(fs, dir, name, 0, 0);
}

struct replacement {
	ext2_filsys fs;
	const char *name;
	ext2_ino_t ino;
	int type;
	bool done;
};

static int replace(ext2_ino_t dir, int entry, struct ext2_dir_entry *e,
		   int offset, int block_bytes, char *buf, void *arg)
{
	struct replacement *r = arg;
	size_t n = (size_t)ext2fs_dirent_name_len(e);

	(void)dir, (void)entry, (void)offset, (void)block_bytes, (void)buf;
	if (strlen(r->name) != n || memcmp(r->name, e->name, n) != 0)
		return 0;
	e->inode = r->ino;
	if (ext2fs_has_feature_filetype(r->fs->super))
		ext2fs_dirent_set_file_type(e, r->type);
	r->done = true;
	return DIRENT_CHANGED | DIRENT_ABORT;
}

errcode_t disk_dir_replace(ext2_filsys fs, ext2_ino_t dir, const char *name,
			   ext2_ino_t ino, int type)
{
	struct replacement r = {
		.fs = fs, .name = name, .ino = ino, .type = type};
	errcode_t err = check_inline_of(fs, dir);

	if (!err)
		err = ext2fs_dir_iterate2(fs, dir, 0, NULL, replace, &r);
	return err || r.done ? err : ENOENT;
}

uint64_t disk_dir_new_blocks(ext2_filsys fs, const struct disk_dir *list)
{
	struct disk_dir_size size;

	disk_dir_size_begin(&size, fs->blocksize,
			    ext2fs_has_feature_metadata_csum(fs->super));
	for (size_t i = 0; i < list->n; i++)
		disk_dir_size_add(&size, list->entry[i].name);
	return size.blocks;
}

/* A block under construction: entries are set behind one another. */
struct block {
	ext2_filsys fs;
	char *buf;
	unsigned used;
	struct ext2_dir_entry *last;
};

static void put_entry(struct block *b, const char *name, ext2_ino_t ino,
		      int type)
{
	struct ext2_dir_entry *e = (void *)(b->buf + b->used);
	size_t n = strlen(name);

	e->inode = ino;
	ext2fs_dirent_set_name_len(e, (int)n);
	if (ext2fs_has_feature_filetype(b->fs->super))
		ext2fs_dirent_set_file_type(e, type);
	memcpy(e->name, name, n);
	e->rec_len = (uint16_t)entry_bytes(name);
	b->used += entry_bytes(name);
	b->last = e;
}

/* The last entry takes what is left of the block. */
static errcode_t put_end(struct block *b)
{
	unsigned room = block_room(b->fs);
	unsigned last = (unsigned)((char *)b->last - b->buf);

	if (room < b->fs->blocksize)
		ext2fs_initialize_dirent_tail(
			b->fs, EXT2_DIRENT_TAIL(b->buf, b->fs->blocksize));
	return ext2fs_set_rec_len(b->fs, room - last, b->last);
}

errcode_t disk_dir_write_new(ext2_filsys fs, ext2_ino_t ino, ext2_ino_t parent,
			     const struct disk_dir *list, size_t *at,
			     uint64_t block)
{
	struct block b = {.fs = fs, .buf = calloc(1, fs->blocksize)};
	errcode_t err;

	if (!b.buf)
		return EXT2_ET_NO_MEMORY;
	b.last = (void *)b.buf;
	if (parent) {
		put_entry(&b, ".", ino, EXT2_FT_DIR);
		put_entry(&b, "..", parent, EXT2_FT_DIR);
	}
	for (; *at < list->n; ++*at) {
		const struct disk_entry *e = &list->entry[*at];

		if (entry_bytes(e->name) > block_room(fs) - b.used)
			break;
		put_entry(&b, e->name, e->ino, e->type);
	}
	err = put_end(&b);
	if (!err)
		err = ext2fs_write_dir_block4(fs, block, b.buf, 0, ino);
	free(b.buf);
	return err;
}
