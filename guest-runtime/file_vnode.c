/* SPDX-License-Identifier: ISC */
#include "file_vnode.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "file.h"
#include "file_map.h"
#include "mount.h"
#include "page.h"
#include "vnode.h"

#define RELATIME_S (24L * 60 * 60)

static void accessed(struct rt_file *file)
{
	struct rt_vnode *v = file->vnode;
	struct timespec now;

	if (v->mount->read_only || (file->flags & O_NOATIME))
		return;
	/* As Linux's relatime: mount(8). */
	if (v->atime.tv_sec > v->mtime.tv_sec &&
	    v->atime.tv_sec > v->ctime.tv_sec) {
		__rt_now(&now);
		if (now.tv_sec - v->atime.tv_sec < RELATIME_S)
			return;
	}
	__rt_now(&v->atime);
	__rt_vnode_dirty(v, RT_DIRTY_TIMES);
}

static long vnode_readv(struct rt_file *file, const struct iovec *iov,
			int count, uint64_t offset)
{
	long n = __rt_page_read(file->vnode, iov, count, offset);

	if (n > 0)
		accessed(file);
	return n;
}

long __rt_vnode_sync(struct rt_vnode *v, int data_only)
{
	struct rt_mount *m = v->mount;
	long err;

	if (!m->ops->commit || m->read_only)
		return 0;
	/* Nothing but bytes in blocks that the file has had since before. */
	if (data_only && !(v->dirty & RT_DIRTY_ATTR) && !m->ops->pending(m)) {
		err = __rt_page_write_back(v);
		if (err)
			return err;
		/* Pages of a mapping may have been given blocks just now. */
		if (!(v->dirty & RT_DIRTY_ATTR) && !m->ops->pending(m))
			return m->ops->flush(m);
	}
	return __rt_mount_sync(m);
}

static void modified(struct rt_vnode *v)
{
	/* Set-user-ID stays, as everything is done as root: write(2). */
	__rt_now(&v->mtime);
	v->ctime = v->mtime;
	__rt_vnode_dirty(v, RT_DIRTY_TIMES);
}

static long vnode_writev(struct rt_file *file, const struct iovec *iov,
			 int count, uint64_t offset)
{
	long n = __rt_page_write(file->vnode, iov, count, offset), err;

	if (n > 0)
		modified(file->vnode);
	if (n > 0 && (file->flags & O_DSYNC)) {
		err = __rt_vnode_sync(file->vnode,
				      (file->flags & O_SYNC) != O_SYNC);
		if (err)
			return err;
	}
	__rt_mount_tick(file->vnode->mount);
	return n;
}

static long vnode_sync(struct rt_file *file, int data_only)
{
	return __rt_vnode_sync(file->vnode, data_only);
}

static uint64_t vnode_size(struct rt_file *file)
{
	return file->vnode->size;
}

static long vnode_seek(struct rt_file *file, uint64_t offset, int hole)
{
	struct rt_vnode *v = file->vnode;
	uint64_t found = hole ? v->size : offset;
	long err = 0;

	if (offset >= v->size)
		return -ENXIO;
	/* What is only in memory so far has its blocks already. */
	if (v->mount->ops->seek)
		err = v->mount->ops->seek(v, offset, hole, &found);
	if (err)
		return err;
	if (found >= v->size && !hole)
		return -ENXIO;
	return (long)(found < v->size ? found : v->size);
}

static long vnode_ioctl(struct rt_file *file, unsigned request, void *arg)
{
	struct rt_vnode *v = file->vnode;

	if (request != FIONREAD || !S_ISREG(v->mode))
		return -ENOTTY;
	*(int *)arg =
		file->offset < v->size ? (int)(v->size - file->offset) : 0;
	return 0;
}

static long vnode_map(struct rt_file *file, uintptr_t hint, size_t bytes,
		      int protection, int flags, uint64_t offset)
{
	long at = __rt_vnode_map(file, hint, bytes, protection, flags, offset);

	if (at > 0)
		accessed(file);
	return at;
}

static void file_stat(struct rt_file *file, struct stat *st)
{
	__rt_vnode_stat(file->vnode, st);
}

static void vnode_release(struct rt_file *file)
{
	struct rt_mount *m = file->vnode->mount;

	__rt_vnode_put(file->vnode);
	__rt_mount_tick(m);
}

static const struct rt_file_ops file_ops = {
	.readv = vnode_readv,
	.writev = vnode_writev,
	.ioctl = vnode_ioctl,
	.sync = vnode_sync,
	.size = vnode_size,
	.seek = vnode_seek,
	.map = vnode_map,
	.stat = file_stat,
	.release = vnode_release,
};

/* Read by getdents64; its offset is a place in the directory. */
static const struct rt_file_ops dir_ops = {
	.sync = vnode_sync,
	.size = vnode_size,
	.stat = file_stat,
	.release = vnode_release,
};

struct rt_file *__rt_vnode_file(struct rt_vnode *v, int flags)
{
	struct rt_file *f =
		__rt_file_new(S_ISREG(v->mode) ? &file_ops : &dir_ops);

	if (f) {
		f->vnode = v;
		f->flags = flags;
	}
	return f;
}

void __rt_vnode_stat(struct rt_vnode *v, struct stat *st)
{
	st->st_dev = v->mount->dev;
	st->st_ino = v->ino;
	st->st_mode = v->mode;
	st->st_nlink = v->nlink;
	st->st_uid = v->uid;
	st->st_gid = v->gid;
	st->st_rdev = v->rdev;
	st->st_size = (off_t)v->size;
	st->st_blksize = RT_PAGE_BYTES;
	st->st_blocks = (blkcnt_t)v->blocks;
	if (!v->mount->ops->read)
		st->st_blocks =
			(blkcnt_t)(v->page_count * (RT_PAGE_BYTES / 512));
	st->st_atim = v->atime;
	st->st_mtim = v->mtime;
	st->st_ctim = v->ctime;
}

long __rt_vnode_truncate(struct rt_vnode *v, uint64_t size)
{
	const struct rt_fs_ops *ops = v->mount->ops;
	uint64_t pages = (size + RT_PAGE_BYTES - 1) / RT_PAGE_BYTES;
	int cuts;
	long err;

	if (size > (v->max_size ? v->max_size : (uint64_t)INT64_MAX))
		return -EFBIG;
	if (v->flags & (RT_IMMUTABLE | RT_APPEND))
		return -EPERM;
	/* What is set aside past the end goes too. */
	cuts = size <= v->size;
	if (cuts) {
		err = __rt_page_zero(v, size, pages * RT_PAGE_BYTES);
		if (err)
			return err;
	}
	__rt_page_cut_mapped(v);
	modified(v);
	__rt_vnode_dirty(v, RT_DIRTY_ATTR);
	v->size = size;
	if (!cuts)
		return 0;
	__rt_page_drop(v, pages);
	return ops->punch ? RT_RETRY(v->mount, ops->punch(v, size, UINT64_MAX))
			  : 0;
}
