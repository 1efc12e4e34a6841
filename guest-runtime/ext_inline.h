/* SPDX-License-Identifier: ISC */
/*
 * Small files and directories that are in the inode itself (inline_data). They
 * are only read: a file system that has them is mounted read-only.
 */
#ifndef RT_EXT_INLINE_H
#define RT_EXT_INLINE_H

#include "ext_vnode.h"

/* The bytes of a file at @offset; as many as there are. A count or -errno. */
long ext_inline_read(struct ext_vnode *x, uint64_t offset, void *to,
		     size_t bytes);

/* rt_fs_ops, for such a directory. */
long ext_inline_lookup(struct ext_vnode *dir, const char *name, size_t bytes,
		       uint64_t *ino);
long ext_inline_readdir(struct ext_vnode *dir, uint64_t at, rt_emit *emit,
			void *to);

#endif
