/* SPDX-License-Identifier: ISC */
#include "ext.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "ext_data.h"
#include "ext_dir.h"
#include "ext_inode.h"
#include "ext_name.h"
#include "ext_orphan.h"
#include "ext_owed.h"
#include "ext_vnode.h"

#define BLOCK_MAX 4096u /* a page */
#define BUFFERS	  (EXT_MAX_DEPTH + 4)

long ext_errno(errcode_t error)
{
	switch (error) {
	case 0:
		return 0;
	case EXT2_ET_NO_MEMORY:
		return -ENOMEM;
	case EXT2_ET_BLOCK_ALLOC_FAIL:
	case EXT2_ET_INODE_ALLOC_FAIL:
	case EXT2_ET_DIR_NO_SPACE:
		return -ENOSPC;
	case EXT2_ET_RO_FILSYS:
		return -EROFS;
	case EXT2_ET_SHORT_READ:
	case EXT2_ET_SHORT_WRITE:
		return -EIO;
	default:
		/* The store's own, or it does not like what it reads. */
		return error > 0 && error < 256 ? -error : -EUCLEAN;
	}
}

void ext_damaged(struct ext_mount *m)
{
	m->fs->super->s_state |= EXT2_ERROR_FS;
	ext2fs_mark_super_dirty(m->fs);
}

long ext_break(struct ext_mount *m, long error)
{
	m->broken = true;
	return error;
}

long ext_block_read(struct ext_mount *m, blk64_t blk, void *to)
{
	if (!ext_blocks_exist(m, blk, 1))
		return -EUCLEAN;
	return ext_errno(io_channel_read_blk64(m->fs->io, blk, 1, to));
}

long ext_block_write(struct ext_mount *m, blk64_t blk, const void *from)
{
	if (!ext_blocks_exist(m, blk, 1))
		return -EUCLEAN;
	return ext_errno(io_channel_write_blk64(m->fs->io, blk, 1, from));
}

bool ext_blocks_exist(const struct ext_mount *m, blk64_t blk, uint64_t count)
{
	blk64_t first = m->fs->super->s_first_data_block;
	blk64_t end = ext2fs_blocks_count(m->fs->super);

	/* The first one has the superblock. */
	return blk > first && blk < end && count <= end - blk;
}

static long ext_commit(struct rt_mount *mount)
{
	struct ext_mount *m = mount->fs;
	long r;

	if (m->broken)
		return -EIO;
	/*
	 * All vnodes have been written, so what is deleted now can go in as
	 * many transactions as it needs.
	 */
	do {
		r = ext_owed_settle(m);
		if (r == 0)
			r = ext_orphan_sync(m);
		if (r == 0)
			r = ext_store_commit(m->store);
	} while (r == 0 && ext_orphan_continue(m));
	return m->broken ? -EIO : r;
}

static long ext_flush(struct rt_mount *mount)
{
	struct ext_mount *m = mount->fs;

	return m->broken ? -EIO : ext_store_flush(m->store);
}

static int ext_pending(struct rt_mount *mount)
{
	struct ext_mount *m = mount->fs;

	if (ext_store_should_commit(m->store))
		return 2;
	return m->doomed || ext_store_pending(m->store);
}

static long ext_statfs(struct rt_mount *mount, struct statfs *to)
{
	struct ext_mount *m = mount->fs;
	struct ext2_super_block *s = m->fs->super;
	uint64_t reserved = ext2fs_r_blocks_count(s);
	uint64_t overhead = s->s_overhead_clusters;

	memset(to, 0, sizeof(*to));
	to->f_type = EXT2_SUPER_MAGIC;
	to->f_bsize = to->f_frsize = m->block_bytes;
	to->f_blocks = ext2fs_blocks_count(s);
	if (overhead < to->f_blocks)
		to->f_blocks -= overhead;
	to->f_bfree = ext2fs_free_blocks_count(s);
	to->f_bavail = to->f_bfree > reserved ? to->f_bfree - reserved : 0;
	to->f_files = s->s_inodes_count;
	to->f_ffree = s->s_free_inodes_count;
	memcpy(&to->f_fsid, s->s_uuid, sizeof(to->f_fsid));
	to->f_namelen = RT_NAME_MAX;
	to->f_flags = mount->read_only ? ST_RDONLY : 0;
	return 0;
}

static void mount_free(struct ext_mount *m)
{
	ext_orphan_free(m);
	__rt_free(m->buffers);
	__rt_free(m);
}

static long ext_unmount(struct rt_mount *mount)
{
	struct ext_mount *m = mount->fs;
	long r = 0, closed;

	if (!mount->read_only && !m->broken)
		ext_orphan_delete_used(m);
	if (!mount->read_only)
		r = ext_commit(mount);
	closed = ext_store_close(m->store, !mount->read_only && r == 0);
	mount_free(m);
	mount->fs = NULL;
	return r < 0 ? r : closed;
}

static const struct rt_fs_ops ext_ops = {
	.name = "ext4",
	.vnode_bytes = sizeof(struct ext_vnode),
	.load = ext_inode_load,
	.evict = ext_inode_evict,
	.lookup = ext_dir_lookup,
	.readdir = ext_dir_readdir,
	.readlink = ext_name_readlink,
	.create = ext_name_create,
	.link = ext_name_link,
	.unlink = ext_name_unlink,
	.rename = ext_name_rename,
	.write_attr = ext_inode_write_attr,
	.read = ext_data_read,
	.write = ext_data_write,
	.allocate = ext_data_allocate,
	.punch = ext_data_punch,
	.seek = ext_data_seek,
	.commit = ext_commit,
	.flush = ext_flush,
	.pending = ext_pending,
	.statfs = ext_statfs,
	.unmount = ext_unmount,
};

/* The size of a block is known now. */
static long mount_buffers(struct ext_mount *m)
{
	uint8_t *at;

	m->block_bytes = m->fs->blocksize;
	m->block_bits = (unsigned)EXT2_BLOCK_SIZE_BITS(m->fs->super);
	at = m->buffers = __rt_calloc(BUFFERS, m->block_bytes);
	if (!at)
		return -ENOMEM;
	for (unsigned i = 1; i <= EXT_MAX_DEPTH; i++, at += m->block_bytes)
		m->tree[i].bytes = at;
	m->spare = at;
	m->dir_block = at + m->block_bytes;
	m->dx_block = at + 2 * (size_t)m->block_bytes;
	m->inode = at + 3 * (size_t)m->block_bytes;
	return 0;
}

static void mount_seeds(struct ext_mount *m)
{
	struct timespec now;

	__rt_now(&now);
	m->generation = (uint32_t)now.tv_nsec ^ (uint32_t)now.tv_sec << 8;
	m->hash_key = (uint64_t)now.tv_nsec << 32 ^ (uint64_t)now.tv_sec ^
		      (uintptr_t)m;
}

/* Finishes what a crash left behind, and gets the root. */
static long mount_finish(struct ext_mount *m, const char **why)
{
	struct rt_mount *mount = m->mount;
	long r;

	if (!mount->read_only) {
		r = ext_orphan_recover(m);
		if (r == -EUCLEAN) {
			mount->read_only = 1;
			*why = "its list of deleted files is damaged; "
			       "run e2fsck";
		} else if (r < 0) {
			return r;
		}
	}
	r = __rt_vnode_get(mount, EXT2_ROOT_INO, &mount->root);
	if (r == 0 && !S_ISDIR(mount->root->mode)) {
		__rt_vnode_put(mount->root);
		__rt_vnode_forget_all(mount);
		r = -EUCLEAN;
	}
	if (r == -EUCLEAN)
		*why = "its root directory is damaged; run e2fsck";
	return r;
}

static long mount_store(struct ext_mount *m, struct rt_disk *disk,
			const char **why)
{
	struct rt_mount *mount = m->mount;
	bool read_only;
	long r = ext_store_open(disk, true, &m->store, &read_only, why);

	if (r < 0)
		return r;
	m->fs = ext_store_fs(m->store);
	mount->read_only = read_only;
	if (m->fs->blocksize > BLOCK_MAX) {
		*why = "its blocks are larger than 4096 bytes";
		r = -EOPNOTSUPP;
	} else {
		r = mount_buffers(m);
	}
	if (r == 0)
		r = mount_finish(m, why);
	if (r < 0)
		ext_store_close(m->store, false);
	return r;
}

long __rt_ext_mount(struct rt_mount *mount, struct rt_disk *disk,
		    const char **why)
{
	struct ext_mount *m = __rt_calloc(1, sizeof(*m));
	long r;

	*why = NULL;
	if (!m)
		return -ENOMEM;
	m->mount = mount;
	mount_seeds(m);
	mount->fs = m;
	mount->ops = &ext_ops;
	r = mount_store(m, disk, why);
	if (r < 0) {
		mount->fs = NULL;
		mount_free(m);
	}
	return r;
}
