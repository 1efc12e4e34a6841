/* SPDX-License-Identifier: ISC */
/* The entries of one block of a directory. */
#ifndef RT_EXT_DIRENT_H
#define RT_EXT_DIRENT_H

#include "ext_vnode.h"

#define EXT_DIRENT_HEAD 8u
#define EXT_DIRENT_MIN	12u
#define EXT_DIRENT_TAIL 12u  /* what the checksum takes of a block */
#define EXT_DIRENT_MAX	264u /* of a name of RT_NAME_MAX bytes */

static inline struct ext2_dir_entry *ext_dirent_at(void *block, unsigned offset)
{
	return (struct ext2_dir_entry *)(void *)((uint8_t *)block + offset);
}

static inline unsigned ext_dirent_name_bytes(const struct ext2_dir_entry *e)
{
	return e->name_len & 0xff;
}

/* Bytes of an entry with such a name. */
static inline unsigned ext_dirent_bytes(size_t name_bytes)
{
	return ((unsigned)name_bytes + EXT_DIRENT_HEAD + 3) & ~3u;
}

/* Whether each of @bytes of entries leads to the next, and the last to the end.
 */
bool ext_dirents_good(const void *block, unsigned bytes);

/* Where the entries end: at the end of the block, or before its checksum. */
unsigned ext_dirents_end(const struct ext_mount *m, const void *block);

/* The offset of a name, or -1. */
int ext_dirents_find(void *block, unsigned bytes, const char *name,
		     size_t name_bytes);

/* Bytes of the largest entry that could be added. */
unsigned ext_dirents_room(void *block, unsigned end);

/* Adds an entry; its offset, or -1 where there is no room. */
int ext_dirents_add(const struct ext_mount *m, void *block, unsigned end,
		    const char *name, size_t name_bytes, uint64_t ino,
		    mode_t mode);

/* Gives the bytes of an entry to the one before. */
void ext_dirents_remove(void *block, unsigned offset);

/* Makes a block without entries. */
void ext_dirents_init(const struct ext_mount *m, void *block);

/* What the entry of a file of this mode says about it, and what DT_ that is. */
unsigned ext_dirent_type(const struct ext_mount *m, mode_t mode);
unsigned ext_dirent_dt(const struct ext_mount *m,
		       const struct ext2_dir_entry *e);

/* Whether these bytes can be a name: not empty, no '/', no 0. */
bool ext_dirent_name_good(const struct ext2_dir_entry *e);

#endif
