/* SPDX-License-Identifier: ISC */
#include "ext_inode.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "ext_map.h"
#include "ext_orphan.h"

#define SECTOR_BYTES 512u
#define NSEC_MAX     999999999

/* Whether this inode has the field, one of those that came with ext4. */
#define HAS_FIELD(x, field)                                     \
	has_bytes(x, offsetof(struct ext2_inode_large, field) + \
			     sizeof(((struct ext2_inode_large *)0)->field))

static bool has_bytes(const struct ext_vnode *x, size_t end)
{
	size_t size = EXT2_INODE_SIZE(ext_mount(x)->fs->super);

	return size > EXT2_GOOD_OLD_INODE_SIZE && end <= size &&
	       end <= EXT2_GOOD_OLD_INODE_SIZE + (size_t)x->raw.i_extra_isize;
}

/* Two bits of the seconds and the nanoseconds are in @extra. */
static struct timespec time_load(uint32_t seconds, uint32_t extra)
{
	struct timespec t = {
		.tv_sec = (int32_t)seconds + ((int64_t)(extra & 3) << 32),
		.tv_nsec = extra >> 2,
	};

	if (t.tv_nsec > NSEC_MAX)
		t.tv_nsec = NSEC_MAX;
	return t;
}

/* What cannot be kept becomes the nearest that can, in @t too. */
static void time_store(struct timespec *t, bool has_extra, uint32_t *seconds,
		       uint32_t *extra)
{
	int64_t last = INT32_MAX + (has_extra ? 3LL << 32 : 0);

	if (t->tv_sec < INT32_MIN)
		t->tv_sec = INT32_MIN;
	if (t->tv_sec > last)
		t->tv_sec = last;
	*seconds = (uint32_t)t->tv_sec;
	if (!has_extra) {
		t->tv_nsec = 0;
		return;
	}
	*extra = (uint32_t)((t->tv_sec - (int32_t)*seconds) >> 32 & 3) |
		 (uint32_t)t->tv_nsec << 2;
}

static void times_load(struct ext_vnode *x)
{
	const struct ext2_inode_large *raw = &x->raw;

	x->v.atime =
		time_load(raw->i_atime,
			  HAS_FIELD(x, i_atime_extra) ? raw->i_atime_extra : 0);
	x->v.mtime =
		time_load(raw->i_mtime,
			  HAS_FIELD(x, i_mtime_extra) ? raw->i_mtime_extra : 0);
	x->v.ctime =
		time_load(raw->i_ctime,
			  HAS_FIELD(x, i_ctime_extra) ? raw->i_ctime_extra : 0);
}

static void times_store(struct ext_vnode *x)
{
	struct ext2_inode_large *raw = &x->raw;

	time_store(&x->v.atime, HAS_FIELD(x, i_atime_extra), &raw->i_atime,
		   &raw->i_atime_extra);
	time_store(&x->v.mtime, HAS_FIELD(x, i_mtime_extra), &raw->i_mtime,
		   &raw->i_mtime_extra);
	time_store(&x->v.ctime, HAS_FIELD(x, i_ctime_extra), &raw->i_ctime,
		   &raw->i_ctime_extra);
}

/* Small numbers in the old form, others in the new one. */
static dev_t device_load(const struct ext2_inode_large *raw)
{
	uint32_t new = raw->i_block[1], old = raw->i_block[0];

	if (old)
		return makedev(old >> 8 & 0xff, old & 0xff);
	return makedev((new & 0xfff00) >> 8,
		       (new & 0xff) | (new >> 12 & 0xfff00));
}

static void device_store(struct ext2_inode_large *raw, dev_t dev)
{
	uint32_t high = major(dev), low = minor(dev);

	memset(raw->i_block, 0, sizeof(raw->i_block));
	if (high < 256 && low < 256)
		raw->i_block[0] = high << 8 | low;
	else
		raw->i_block[1] =
			(low & 0xff) | high << 8 | (low & ~0xffu) << 12;
}

static bool large_directories(const struct ext_vnode *x)
{
	return ext2fs_has_feature_largedir(ext_mount(x)->fs->super);
}

bool ext_inode_fast_link(const struct ext_vnode *x)
{
	const struct ext_mount *m = ext_mount(x);
	uint64_t acl = 0;

	if (ext2fs_file_acl_block(m->fs, (const struct ext2_inode *)&x->raw))
		acl = m->block_bytes / SECTOR_BYTES;
	return !(x->raw.i_flags & (EXT4_EXTENTS_FL | EXT4_INLINE_DATA_FL)) &&
	       x->v.blocks == acl;
}

static bool huge(const struct ext_vnode *x)
{
	return ext2fs_has_feature_huge_file(ext_mount(x)->fs->super) &&
	       x->raw.i_flags & EXT4_HUGE_FILE_FL;
}

/* i_blocks: of 512 bytes, or, in huge files, blocks of the file system. */
static uint64_t blocks_load(const struct ext_vnode *x)
{
	const struct ext_mount *m = ext_mount(x);
	uint64_t blocks = x->raw.i_blocks;

	if (ext2fs_has_feature_huge_file(m->fs->super))
		blocks |= (uint64_t)x->raw.osd2.linux2.l_i_blocks_hi << 32;
	return huge(x) ? blocks * (m->block_bytes / SECTOR_BYTES) : blocks;
}

static void blocks_store(struct ext_vnode *x)
{
	const struct ext_mount *m = ext_mount(x);
	uint64_t blocks = x->v.blocks;

	x->raw.i_flags &= ~(uint32_t)EXT4_HUGE_FILE_FL;
	if (ext2fs_has_feature_huge_file(m->fs->super)) {
		if (blocks >> 48) {
			blocks /= m->block_bytes / SECTOR_BYTES;
			x->raw.i_flags |= EXT4_HUGE_FILE_FL;
		}
		x->raw.osd2.linux2.l_i_blocks_hi = (uint16_t)(blocks >> 32);
	}
	x->raw.i_blocks = (uint32_t)blocks;
}

/* The most a file may have, of which the blocks can still be counted. */
static uint64_t size_max(const struct ext_vnode *x)
{
	const struct ext_mount *m = ext_mount(x);
	uint64_t bytes = ext_map_end(x) << m->block_bits;

	if (!ext2fs_has_feature_huge_file(m->fs->super) &&
	    bytes > (uint64_t)UINT32_MAX * SECTOR_BYTES)
		bytes = ((uint64_t)UINT32_MAX * SECTOR_BYTES) &
			~(uint64_t)(m->block_bytes - 1);
	return bytes < INT64_MAX ? bytes : INT64_MAX;
}

static bool attributes_good(const struct ext_vnode *x)
{
	const struct ext_mount *m = ext_mount(x);

	if (x->v.size > INT64_MAX ||
	    x->v.blocks > ext2fs_blocks_count(m->fs->super) *
				  (m->block_bytes / SECTOR_BYTES))
		return false;
	switch (x->v.mode & S_IFMT) {
	case S_IFREG:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return true;
	case S_IFDIR:
		return x->raw.i_flags & EXT4_INLINE_DATA_FL ||
		       (x->v.size && !(x->v.size & (m->block_bytes - 1)) &&
			x->v.size <= size_max(x));
	case S_IFLNK:
		return x->v.size > 0 &&
		       x->v.size < (ext_inode_fast_link(x)
					    ? sizeof(x->raw.i_block)
					    : m->block_bytes + 1u);
	default:
		return false;
	}
}

static void attributes_load(struct ext_vnode *x)
{
	const struct ext2_inode_large *raw = &x->raw;
	struct rt_vnode *v = &x->v;

	v->mode = raw->i_mode;
	v->nlink = raw->i_links_count;
	v->uid = raw->i_uid | (uid_t)raw->osd2.linux2.l_i_uid_high << 16;
	v->gid = raw->i_gid | (gid_t)raw->osd2.linux2.l_i_gid_high << 16;
	v->size = raw->i_size;
	if (S_ISREG(v->mode) || (S_ISDIR(v->mode) && large_directories(x)))
		v->size |= (uint64_t)raw->i_size_high << 32;
	v->blocks = blocks_load(x);
	v->max_size = size_max(x);
	if (S_ISCHR(v->mode) || S_ISBLK(v->mode))
		v->rdev = device_load(raw);
	if (raw->i_flags & (EXT2_IMMUTABLE_FL | EXT4_VERITY_FL))
		v->flags |= RT_IMMUTABLE;
	if (raw->i_flags & EXT2_APPEND_FL)
		v->flags |= RT_APPEND;
	times_load(x);
}

/* Those that the file system keeps for itself have no names. */
static bool may_have_name(const struct ext_mount *m, uint64_t ino)
{
	struct ext2_super_block *s = m->fs->super;

	if (ino == EXT2_ROOT_INO)
		return true;
	return ino >= EXT2_FIRST_INODE(s) && ino <= s->s_inodes_count &&
	       ino != s->s_journal_inum && ino != s->s_usr_quota_inum &&
	       ino != s->s_grp_quota_inum && ino != s->s_prj_quota_inum &&
	       (!ext2fs_has_feature_orphan_file(s) ||
		ino != s->s_orphan_file_inum);
}

static size_t raw_bytes(const struct ext_mount *m)
{
	size_t bytes = EXT2_INODE_SIZE(m->fs->super);
	size_t known = sizeof(struct ext2_inode_large);

	return bytes < known ? bytes : known;
}

long ext_inode_load(struct rt_vnode *v)
{
	struct ext_vnode *x = ext_vnode(v);
	struct ext_mount *m = ext_mount(x);
	errcode_t e;

	if (!may_have_name(m, v->ino))
		return -EUCLEAN;
	e = ext2fs_read_inode_full(m->fs, (ext2_ino_t)v->ino,
				   (struct ext2_inode *)&x->raw,
				   (int)raw_bytes(m));
	if (e)
		return ext_errno(e);
	attributes_load(x);
	if (!attributes_good(x))
		return -EUCLEAN;
	if (x->raw.i_flags & EXT4_ENCRYPT_FL)
		return -EOPNOTSUPP;
	/* Unless it is an orphan, a name leads to a file that was deleted. */
	if (!ext_orphan_attach(x) && !v->nlink)
		return -EUCLEAN;
	return 0;
}

/* What a new file takes over from its directory. */
static uint32_t flags_inherited(const struct ext_vnode *dir, mode_t mode)
{
	uint32_t flags = EXT2_NODUMP_FL | EXT2_NOATIME_FL;

	if (S_ISDIR(mode))
		flags |= EXT2_SYNC_FL | EXT2_DIRSYNC_FL;
	else if (S_ISREG(mode))
		flags |= EXT2_SYNC_FL;
	return dir->raw.i_flags & flags;
}

void ext_inode_init(struct ext_vnode *x, const struct ext_vnode *dir,
		    const struct rt_vnode *init)
{
	struct ext_mount *m = ext_mount(dir);
	struct timespec created = init->ctime;

	x->fresh = true;
	x->v.mode = init->mode;
	x->v.uid = init->uid;
	x->v.gid = init->gid;
	x->v.atime = init->atime;
	x->v.mtime = init->mtime;
	x->v.ctime = init->ctime;
	x->raw.i_flags = flags_inherited(dir, init->mode);
	x->raw.i_generation = m->generation++;
	if (EXT2_INODE_SIZE(m->fs->super) > EXT2_GOOD_OLD_INODE_SIZE)
		x->raw.i_extra_isize = sizeof(struct ext2_inode_large) -
				       EXT2_GOOD_OLD_INODE_SIZE;
	if (HAS_FIELD(x, i_crtime_extra))
		time_store(&created, true, &x->raw.i_crtime,
			   &x->raw.i_crtime_extra);
	if (S_ISCHR(init->mode) || S_ISBLK(init->mode))
		device_store(&x->raw, init->rdev);
	else if (S_ISREG(init->mode) || S_ISDIR(init->mode))
		ext_map_init(x);
}

static void attributes_store(struct ext_vnode *x)
{
	struct ext2_inode_large *raw = &x->raw;
	const struct rt_vnode *v = &x->v;

	raw->i_mode = (uint16_t)v->mode;
	raw->i_links_count = (uint16_t)v->nlink;
	raw->i_uid = (uint16_t)v->uid;
	raw->i_gid = (uint16_t)v->gid;
	raw->osd2.linux2.l_i_uid_high = (uint16_t)(v->uid >> 16);
	raw->osd2.linux2.l_i_gid_high = (uint16_t)(v->gid >> 16);
	blocks_store(x);
	times_store(x);
	raw->i_size = (uint32_t)v->size;
	if (S_ISREG(v->mode) || S_ISDIR(v->mode))
		raw->i_size_high = (uint32_t)(v->size >> 32);
	raw->i_dtime = x->orphan ? ext_orphan_next(x->orphan) : x->dtime;
}

long ext_inode_write(struct ext_vnode *x)
{
	struct ext_mount *m = ext_mount(x);
	struct ext2_super_block *s = m->fs->super;
	struct ext2_inode *from = (struct ext2_inode *)&x->raw;
	size_t bytes = raw_bytes(m);
	errcode_t e;

	attributes_store(x);
	/* Old systems take sizes for signed, unless they are told. */
	if (S_ISREG(x->v.mode) && x->v.size > INT32_MAX &&
	    !ext2fs_has_feature_large_file(s)) {
		ext2fs_set_feature_large_file(s);
		ext2fs_mark_super_dirty(m->fs);
	}
	/* Nothing of what was there stays. */
	if (x->fresh) {
		from = memset(m->inode, 0, EXT2_INODE_SIZE(s));
		memcpy(from, &x->raw, bytes);
		bytes = EXT2_INODE_SIZE(s);
	}
	e = ext2fs_write_inode_full(m->fs, (ext2_ino_t)x->v.ino, from,
				    (int)bytes);
	if (e)
		return ext_errno(e);
	x->fresh = false;
	return 0;
}

long ext_inode_write_attr(struct rt_vnode *v)
{
	return ext_inode_write(ext_vnode(v));
}

long ext_inode_reload(struct ext_vnode *x)
{
	struct ext_mount *m = ext_mount(x);
	errcode_t e = ext2fs_read_inode_full(m->fs, (ext2_ino_t)x->v.ino,
					     (struct ext2_inode *)&x->raw,
					     (int)raw_bytes(m));

	ext_map_forget(x);
	if (e)
		return ext_errno(e);
	attributes_load(x);
	return 0;
}
