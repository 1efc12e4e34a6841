/* SPDX-License-Identifier: ISC */
#include "ext_dx.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "ext_alloc.h"
#include "ext_dirent.h"
#include "ext_inode.h"

#define ROOT_INFO   24 /* where it lies in block 0 */
#define BLOCK_MASK  0x0fffffffu
#define CONTINUED   1u /* this hash is in the leaf before, too */
#define SPLIT_FREE  16 /* blocks that must be free before leaves are split */
#define SPLIT_BYTES 8  /* blocks of memory, likewise */

/* The leaf for a name. */
struct leaf {
	uint64_t lblk;
	bool continued; /* and perhaps the next one */
};

bool ext_dx_is(const struct ext_vnode *dir)
{
	return dir->raw.i_flags & EXT2_INDEX_FL &&
	       !(dir->raw.i_flags & EXT4_CASEFOLD_FL) &&
	       ext2fs_has_feature_dir_index(ext_mount(dir)->fs->super);
}

static long name_hash(const struct ext_mount *m,
		      const struct ext2_dx_root_info *root, const char *name,
		      size_t bytes, uint32_t *hash)
{
	const struct ext2_super_block *s = m->fs->super;
	int version = root->hash_version;
	uint32_t minor;

	if (version > EXT2_HASH_TEA)
		return -EUCLEAN;
	if (s->s_flags & EXT2_FLAGS_UNSIGNED_HASH)
		version += EXT2_HASH_LEGACY_UNSIGNED - EXT2_HASH_LEGACY;
	if (ext2fs_dirhash2(version, name, (int)bytes, NULL, 0, s->s_hash_seed,
			    hash, &minor))
		return -EUCLEAN;
	return 0;
}

/* Goes down one level in the node in m->dx_block. */
static long node_step(struct ext_mount *m, uint32_t hash, struct leaf *to)
{
	struct ext2_dx_countlimit *head;
	const struct ext2_dx_entry *e;
	unsigned low = 1, high;

	if (ext2fs_get_dx_countlimit(m->fs, ext_dirent_at(m->dx_block, 0),
				     &head, NULL))
		return -EUCLEAN;
	if (!head->count || head->count > head->limit)
		return -EUCLEAN;
	/* The first entry has no hash: the head lies there. */
	e = (const struct ext2_dx_entry *)(void *)head;
	high = head->count;
	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (e[middle].hash > hash)
			high = middle;
		else
			low = middle + 1;
	}
	if (low < head->count)
		to->continued = e[low].hash == (hash | CONTINUED);
	to->lblk = e[low - 1].block & BLOCK_MASK;
	return to->lblk ? 0 : -EUCLEAN;
}

static long leaf_find(struct ext_vnode *dir, const char *name, size_t bytes,
		      struct leaf *to)
{
	struct ext_mount *m = ext_mount(dir);
	struct ext2_dx_root_info root;
	uint32_t hash;
	long r = ext_dir_read(dir, 0, m->dx_block);

	if (r < 0)
		return r;
	memcpy(&root, m->dx_block + ROOT_INFO, sizeof(root));
	if (root.info_length != sizeof(root) ||
	    root.indirect_levels >= EXT4_HTREE_LEVEL)
		return -EUCLEAN;
	r = name_hash(m, &root, name, bytes, &hash);
	to->continued = false;
	for (unsigned level = 0; r == 0; level++) {
		r = node_step(m, hash, to);
		if (r < 0 || level == root.indirect_levels)
			break;
		r = ext_dir_read(dir, to->lblk, m->dx_block);
	}
	return r < 0 ? r : ext_dir_read(dir, to->lblk, m->dir_block);
}

long ext_dx_find(struct ext_vnode *dir, const char *name, size_t bytes,
		 struct ext_place *at, bool *usable)
{
	struct ext_mount *m = ext_mount(dir);
	struct leaf leaf;
	long r = leaf_find(dir, name, bytes, &leaf);
	int offset;

	*usable = r != -EUCLEAN;
	if (r < 0)
		return r;
	offset = ext_dirents_find(m->dir_block, m->block_bytes, name, bytes);
	if (offset < 0) {
		/* So rare that a search of everything will do. */
		*usable = !leaf.continued;
		return -ENOENT;
	}
	at->lblk = leaf.lblk;
	at->offset = (unsigned)offset;
	return 0;
}

/* libext2fs splits the leaf, and the nodes above it. */
static long split_add(struct ext_vnode *dir, const char *name, size_t bytes,
		      uint64_t ino, mode_t mode, bool *usable)
{
	struct ext_mount *m = ext_mount(dir);
	uint64_t blocks = dir->v.blocks;
	char terminated[RT_NAME_MAX + 1];
	errcode_t e;
	void *memory;
	long r;

	/* It cannot go back halfway: it must not run out of anything. */
	if (ext2fs_free_blocks_count(m->fs->super) < SPLIT_FREE)
		return ext_no_space(m);
	memory = __rt_malloc(SPLIT_BYTES * (size_t)m->block_bytes);
	if (!memory)
		return -ENOMEM;
	__rt_free(memory);
	r = ext_inode_write(dir);
	if (r < 0)
		return r;
	memcpy(terminated, name, bytes);
	terminated[bytes] = 0;
	e = ext2fs_link(m->fs, (ext2_ino_t)dir->v.ino, terminated,
			(ext2_ino_t)ino, (int)ext_dirent_type(m, mode));
	r = ext_inode_reload(dir);
	ext_dir_forget(dir);
	if (r < 0)
		return ext_break(m, r);
	ext_dirty(dir);
	if (!e)
		return 0;
	if (dir->v.blocks != blocks || e == EXT2_ET_NO_MEMORY)
		return ext_break(m, ext_errno(e));
	if (e == EXT2_ET_BLOCK_ALLOC_FAIL)
		return ext_no_space(m);
	*usable = false;
	return 0;
}

long ext_dx_add(struct ext_vnode *dir, const char *name, size_t bytes,
		uint64_t ino, mode_t mode, bool *usable)
{
	struct ext_mount *m = ext_mount(dir);
	struct leaf leaf;
	long r = leaf_find(dir, name, bytes, &leaf);
	unsigned end;

	*usable = r != -EUCLEAN;
	if (r < 0)
		return r;
	end = ext_dirents_end(m, m->dir_block);
	if (ext_dirents_add(m, m->dir_block, end, name, bytes, ino, mode) < 0)
		return split_add(dir, name, bytes, ino, mode, usable);
	return ext_dir_write(dir, leaf.lblk, m->dir_block);
}

/*
 * A node of the tree, made a block without names (or, in block 0, with the two
 * that are always there), that ends like any other. False: it is none.
 */
static bool node_drop(struct ext_mount *m, uint64_t lblk)
{
	struct ext2_dir_entry *last = ext_dirent_at(m->dir_block, 0);
	unsigned at = lblk ? 0 : last->rec_len, end;

	if (at >= m->block_bytes)
		return false;
	last = ext_dirent_at(m->dir_block, at);
	if (at + last->rec_len != m->block_bytes || (lblk && last->inode))
		return false;
	memcpy(m->dx_block, m->dir_block, at + EXT_DIRENT_MIN);
	ext_dirents_init(m, m->dir_block);
	end = ext_dirents_end(m, m->dir_block);
	memcpy(m->dir_block, m->dx_block, at + EXT_DIRENT_MIN);
	last->rec_len = (uint16_t)(end - at);
	return true;
}

long ext_dx_drop(struct ext_vnode *dir)
{
	struct ext_mount *m = ext_mount(dir);
	uint64_t blocks = ext_dir_blocks(dir);
	long r = 0;

	/* First all is read, so that nothing is begun that cannot be ended. */
	for (uint64_t lblk = 0; lblk < blocks && r == 0; lblk++)
		r = ext_dir_read(dir, lblk, m->dir_block);
	for (uint64_t lblk = 0; lblk < blocks && r == 0; lblk++) {
		r = ext_dir_read(dir, lblk, m->dir_block);
		if (r == 0 && node_drop(m, lblk))
			r = ext_dir_write(dir, lblk, m->dir_block);
	}
	if (r < 0)
		return r;
	dir->raw.i_flags &= ~(uint32_t)EXT2_INDEX_FL;
	ext_dirty(dir);
	ext_dir_forget(dir);
	return 0;
}
