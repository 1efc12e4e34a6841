/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "rt_syscall.h"

#define BASIC_STATS  0x7ffU
#define RESERVED_BIT 0x80000000U
#define SYNC_TYPE    0x6000 /* AT_STATX_*: how fresh; it always is */

struct time {
	int64_t seconds;
	uint32_t nanoseconds;
	int32_t unused;
};

/* Linux's struct statx: statx(2). */
struct rt_statx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, unused;
	uint64_t ino, size, blocks, attributes_mask;
	struct time atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t more[14];
};

_Static_assert(sizeof(struct rt_statx) == 256, "as Linux has it");

static struct time time_of(const struct timespec *t)
{
	return (struct time){t->tv_sec, (uint32_t)t->tv_nsec, 0};
}

long __rt_sys_statx(int dir, const char *path, int flags, unsigned mask,
		    struct rt_statx *to)
{
	struct stat st;
	long err;

	if ((mask & RESERVED_BIT) || (flags & SYNC_TYPE) == SYNC_TYPE)
		return -EINVAL;
	err = __rt_sys_newfstatat(dir, path, &st, flags & ~SYNC_TYPE);
	if (err)
		return err;
	*to = (struct rt_statx){
		.mask = BASIC_STATS,
		.blksize = (uint32_t)st.st_blksize,
		.nlink = (uint32_t)st.st_nlink,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.mode = (uint16_t)st.st_mode,
		.ino = st.st_ino,
		.size = (uint64_t)st.st_size,
		.blocks = (uint64_t)st.st_blocks,
		.atime = time_of(&st.st_atim),
		.ctime = time_of(&st.st_ctim),
		.mtime = time_of(&st.st_mtim),
		.rdev_major = major(st.st_rdev),
		.rdev_minor = minor(st.st_rdev),
		.dev_major = major(st.st_dev),
		.dev_minor = minor(st.st_dev),
	};
	return 0;
}
