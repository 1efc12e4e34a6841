/* SPDX-License-Identifier: ISC */
/* What is mounted where. */
#ifndef RT_MOUNT_H
#define RT_MOUNT_H

#include "vnode.h"

/*
 * The root directory; the first call sets up "/", /dev and /tmp, and notes
 * which disks are to be mounted. 0 or -errno; no reference is given.
 */
long __rt_root(struct rt_vnode **root);

/*
 * What is mounted in @dir under @name. *@to is its root with a reference, or
 * NULL where there is none; -errno where it cannot be mounted.
 */
long __rt_mount_at(struct rt_vnode *dir, const char *name, size_t bytes,
		   struct rt_vnode **to);

/*
 * The names mounted in @dir that it has no entry for, as readdir: @at counts
 * them.
 */
long __rt_mount_readdir(struct rt_vnode *dir, uint64_t at, rt_emit *emit,
			void *to);

/* Something of @mount waits to be written: not for ever. */
void __rt_mount_changed(struct rt_mount *mount);

/*
 * Everything of @mount (NULL: of all) survives a crash. With @data_only, what
 * other than the data of files has changed may wait, if times are all that has.
 */
long __rt_mount_sync(struct rt_mount *mount);

/* Commits what has waited too long or grown too large. */
void __rt_mount_tick(struct rt_mount *mount);

/* Before a wait: see struct rt_poller, wait.h. */
uint64_t __rt_mount_wait(uint64_t deadline_ns);

/*
 * Calls @change until it does not answer -EAGAIN, with a sync in between. Some
 * do a part each time; none takes so many of them.
 */
#define RT_RETRY(mount, change)                                       \
	({                                                            \
		unsigned rt_left = 10000;                             \
		long rt_err;                                          \
                                                                      \
		while ((rt_err = (change)) == -EAGAIN && rt_left--) { \
			rt_err = __rt_mount_sync(mount);              \
			if (rt_err)                                   \
				break;                                \
		}                                                     \
		rt_err == -EAGAIN ? -ENOSPC : rt_err;                 \
	})

/* Whether the disk with this device number is mounted. */
int __rt_mount_has_disk(unsigned device);

#endif
