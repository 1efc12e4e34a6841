/* SPDX-License-Identifier: ISC */
#include "ext_dirent.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

bool ext_dirents_good(const void *block, unsigned bytes)
{
	unsigned offset = 0;

	while (offset < bytes) {
		const struct ext2_dir_entry *e =
			ext_dirent_at((void *)block, offset);
		unsigned left = bytes - offset;

		if (left < EXT_DIRENT_MIN || e->rec_len < EXT_DIRENT_MIN ||
		    e->rec_len % 4 || e->rec_len > left ||
		    ext_dirent_name_bytes(e) + EXT_DIRENT_HEAD > e->rec_len)
			return false;
		offset += e->rec_len;
	}
	return true;
}

unsigned ext_dirents_end(const struct ext_mount *m, const void *block)
{
	unsigned end = m->block_bytes;
	const struct ext2_dir_entry_tail *tail;

	if (!ext2fs_has_feature_metadata_csum(m->fs->super))
		return end;
	end -= EXT_DIRENT_TAIL;
	tail = (const void *)((const uint8_t *)block + end);
	if (tail->det_reserved_zero1 || tail->det_rec_len != EXT_DIRENT_TAIL ||
	    tail->det_reserved_name_len != EXT2_DIR_NAME_LEN_CSUM)
		end = m->block_bytes;
	return end;
}

int ext_dirents_find(void *block, unsigned bytes, const char *name,
		     size_t name_bytes)
{
	unsigned offset = 0;

	while (offset < bytes) {
		const struct ext2_dir_entry *e = ext_dirent_at(block, offset);

		if (e->inode && ext_dirent_name_bytes(e) == name_bytes &&
		    memcmp(e->name, name, name_bytes) == 0)
			return (int)offset;
		offset += e->rec_len;
	}
	return -1;
}

/* What an entry does not need of its bytes. */
static unsigned gap(const struct ext2_dir_entry *e)
{
	unsigned used = ext_dirent_bytes(ext_dirent_name_bytes(e));

	if (!e->inode)
		return e->rec_len;
	return used < e->rec_len ? e->rec_len - used : 0;
}

unsigned ext_dirents_room(void *block, unsigned end)
{
	unsigned most = 0;

	for (unsigned offset = 0; offset < end;) {
		const struct ext2_dir_entry *e = ext_dirent_at(block, offset);

		if (gap(e) > most)
			most = gap(e);
		offset += e->rec_len;
	}
	return most;
}

unsigned ext_dirent_type(const struct ext_mount *m, mode_t mode)
{
	if (!ext2fs_has_feature_filetype(m->fs->super))
		return EXT2_FT_UNKNOWN;
	switch (mode & S_IFMT) {
	case S_IFREG:
		return EXT2_FT_REG_FILE;
	case S_IFDIR:
		return EXT2_FT_DIR;
	case S_IFCHR:
		return EXT2_FT_CHRDEV;
	case S_IFBLK:
		return EXT2_FT_BLKDEV;
	case S_IFIFO:
		return EXT2_FT_FIFO;
	case S_IFSOCK:
		return EXT2_FT_SOCK;
	case S_IFLNK:
		return EXT2_FT_SYMLINK;
	default:
		return EXT2_FT_UNKNOWN;
	}
}

unsigned ext_dirent_dt(const struct ext_mount *m,
		       const struct ext2_dir_entry *e)
{
	static const uint8_t types[] = {
		[EXT2_FT_UNKNOWN] = DT_UNKNOWN, [EXT2_FT_REG_FILE] = DT_REG,
		[EXT2_FT_DIR] = DT_DIR,		[EXT2_FT_CHRDEV] = DT_CHR,
		[EXT2_FT_BLKDEV] = DT_BLK,	[EXT2_FT_FIFO] = DT_FIFO,
		[EXT2_FT_SOCK] = DT_SOCK,	[EXT2_FT_SYMLINK] = DT_LNK,
	};
	unsigned type = e->name_len >> 8;

	if (!ext2fs_has_feature_filetype(m->fs->super) || type >= sizeof(types))
		return DT_UNKNOWN;
	return types[type];
}

int ext_dirents_add(const struct ext_mount *m, void *block, unsigned end,
		    const char *name, size_t name_bytes, uint64_t ino,
		    mode_t mode)
{
	unsigned need = ext_dirent_bytes(name_bytes), offset = 0;
	struct ext2_dir_entry *e;

	for (;; offset += e->rec_len) {
		if (offset >= end)
			return -1;
		e = ext_dirent_at(block, offset);
		if (gap(e) >= need)
			break;
	}
	if (e->inode) {
		unsigned rest = gap(e);

		e->rec_len = (uint16_t)(e->rec_len - rest);
		offset += e->rec_len;
		e = ext_dirent_at(block, offset);
		e->rec_len = (uint16_t)rest;
	}
	e->inode = (uint32_t)ino;
	e->name_len = (uint16_t)(name_bytes | ext_dirent_type(m, mode) << 8);
	memcpy(e->name, name, name_bytes);
	return (int)offset;
}

void ext_dirents_remove(void *block, unsigned offset)
{
	struct ext2_dir_entry *e = ext_dirent_at(block, offset), *before;
	unsigned at = 0;

	if (!offset) {
		e->inode = 0;
		return;
	}
	do {
		before = ext_dirent_at(block, at);
		at += before->rec_len;
	} while (at < offset);
	before->rec_len = (uint16_t)(before->rec_len + e->rec_len);
}

void ext_dirents_init(const struct ext_mount *m, void *block)
{
	unsigned end = m->block_bytes;

	memset(block, 0, end);
	if (ext2fs_has_feature_metadata_csum(m->fs->super)) {
		end -= EXT_DIRENT_TAIL;
		ext2fs_initialize_dirent_tail(m->fs,
					      (void *)((uint8_t *)block + end));
	}
	ext_dirent_at(block, 0)->rec_len = (uint16_t)end;
}

bool ext_dirent_name_good(const struct ext2_dir_entry *e)
{
	unsigned bytes = ext_dirent_name_bytes(e);

	return bytes && !memchr(e->name, '/', bytes) &&
	       !memchr(e->name, 0, bytes);
}
