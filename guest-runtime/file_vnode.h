/* SPDX-License-Identifier: ISC */
/* Open files and directories of a file system. */
#ifndef RT_FILE_VNODE_H
#define RT_FILE_VNODE_H

#include <stdint.h>

struct rt_file;
struct rt_vnode;
struct stat;

/* A new open file for @v, whose reference it takes over. */
struct rt_file *__rt_vnode_file(struct rt_vnode *v, int flags);

/* What stat(2) says of @v. */
void __rt_vnode_stat(struct rt_vnode *v, struct stat *st);

/* Sets the size of a regular file. 0 or -errno. */
long __rt_vnode_truncate(struct rt_vnode *v, uint64_t size);

/* Everything of @v is on stable storage; with @data_only, times may not be. */
long __rt_vnode_sync(struct rt_vnode *v, int data_only);

#endif
