/* SPDX-License-Identifier: ISC */
/*
 * Directories: files whose blocks hold names.
 *
 * THEORY OF OPERATION
 * A block is filled by entries, each of which says where the next one begins;
 * what is free belongs to the entry before it. With metadata checksums the
 * last 12 bytes look like an unused entry. An entry never moves, so that its
 * offset is a good place to go on reading from.
 *
 * Names are looked for in one of three ways. A small directory is searched
 * from front to end. A large one that has hashes on the disk (EXT2_INDEX_FL)
 * is looked up there (ext_dx.c). For any other large one an index is kept in
 * memory (ext_dir_index.c), unless there is no memory.
 */
#ifndef RT_EXT_DIR_H
#define RT_EXT_DIR_H

#include "ext_vnode.h"

/* Where a name is: a block of the directory, and the entry in it. */
struct ext_place {
	uint64_t lblk;
	unsigned offset;
};

/* rt_fs_ops */
long ext_dir_lookup(struct rt_vnode *dir, const char *name, size_t bytes,
		    uint64_t *ino);
long ext_dir_readdir(struct rt_vnode *dir, uint64_t at, rt_emit *emit,
		     void *to);

/* Drops what memory holds about it. */
void ext_dir_forget(struct ext_vnode *dir);

/* How many blocks it has. */
uint64_t ext_dir_blocks(const struct ext_vnode *dir);

/*
 * Reads a block of a directory. What it reads is in order: ext_dirent_next
 * works on it. -EUCLEAN where it is not.
 */
long ext_dir_read(struct ext_vnode *dir, uint64_t lblk, void *to);

/* Writes it, with its checksum. */
long ext_dir_write(struct ext_vnode *dir, uint64_t lblk, void *from);

/*
 * Finds a name; its block is in ext_mount.dir_block then. 0, -ENOENT or
 * another -errno.
 */
long ext_dir_find(struct ext_vnode *dir, const char *name, size_t bytes,
		  struct ext_place *at);

/* Whether nothing but "." and ".." is in it: 0 or -ENOTEMPTY. */
long ext_dir_empty(struct ext_vnode *dir);

/*
 * Adds a name, which is not there yet. Where there is no room (-ENOSPC,
 * -EAGAIN) nothing has changed.
 */
long ext_dir_add(struct ext_vnode *dir, const char *name, size_t bytes,
		 uint64_t ino, mode_t mode);

/* Removes what is at @at, where ext_dir_find has just found it. */
long ext_dir_remove(struct ext_vnode *dir, const struct ext_place *at);

/* Lets it name another file. */
long ext_dir_replace(struct ext_vnode *dir, const struct ext_place *at,
		     uint64_t ino, mode_t mode);

/* Lets ".." name another directory. */
long ext_dir_set_parent(struct ext_vnode *dir, uint64_t ino);

/* The first block of a new one. */
long ext_dir_init(struct ext_vnode *dir, uint64_t parent);

#endif
