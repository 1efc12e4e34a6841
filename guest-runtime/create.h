/* SPDX-License-Identifier: ISC */
#ifndef RT_CREATE_H
#define RT_CREATE_H

#include "vnode.h"

/* umask(2): permissions that new files do not get. */
extern unsigned __rt_umask;

/*
 * A new file in @dir, which has no such name, as rt_fs_ops.create: with what
 * it inherits from @dir. 0 or -errno.
 */
long __rt_create(struct rt_vnode *dir, const char *name, size_t bytes,
		 const struct rt_vnode *like, const char *target,
		 uint64_t *ino);

#endif
