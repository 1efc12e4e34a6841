/* SPDX-License-Identifier: ISC */
/* Advisory locks: fcntl(2) and flock(2). */
#ifndef RT_LOCK_H
#define RT_LOCK_H

struct rt_file;

/* F_GETLK and the like; @arg is the struct flock. 0 or -errno. */
long __rt_lock_fcntl(struct rt_file *file, int command, long arg);

#endif
