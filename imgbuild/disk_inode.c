/* SPDX-License-Identifier: ISC */
#include "disk_inode.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "disk_map.h"

errcode_t disk_inode_read(ext2_filsys fs, ext2_ino_t ino,
			  struct disk_inode *inode)
{
	errcode_t err;

	memset(inode, 0, sizeof(*inode));
	inode->ino = ino;
	err = ext2fs_read_inode_full(fs, ino, disk_inode_small(inode),
				     sizeof(inode->raw));
	if (err)
		return err;
	if (!inode->raw.i_links_count || !inode->raw.i_mode)
		return EUCLEAN;
	return 0;
}

errcode_t disk_inode_write(ext2_filsys fs, const struct disk_inode *inode)
{
	return ext2fs_write_inode_full(fs, inode->ino,
				       (struct ext2_inode *)&inode->raw,
				       sizeof(inode->raw));
}

struct ext2_inode *disk_inode_small(struct disk_inode *inode)
{
	return (struct ext2_inode *)&inode->raw;
}

bool disk_inode_is_dir(const struct disk_inode *inode)
{
	return LINUX_S_ISDIR(inode->raw.i_mode);
}

bool disk_inode_is_file(const struct disk_inode *inode)
{
	return LINUX_S_ISREG(inode->raw.i_mode);
}

bool disk_inode_is_symlink(const struct disk_inode *inode)
{
	return LINUX_S_ISLNK(inode->raw.i_mode);
}

uint64_t disk_inode_size(ext2_filsys fs, const struct disk_inode *inode)
{
	/* Else the upper half is something else in old revisions. */
	if (disk_inode_is_file(inode) || ext2fs_has_feature_largedir(fs->super))
		return EXT2_I_SIZE(&inode->raw);
	return inode->raw.i_size;
}

uint32_t disk_inode_uid(const struct disk_inode *inode)
{
	return inode->raw.i_uid | (uint32_t)inode->raw.i_uid_high << 16;
}

uint32_t disk_inode_gid(const struct disk_inode *inode)
{
	return inode->raw.i_gid | (uint32_t)inode->raw.i_gid_high << 16;
}

/* A large inode tells how much of it is used; behind that may be anything. */
static bool has_extra(const struct disk_inode *inode, const uint32_t *field)
{
	size_t end =
		(size_t)((const char *)(field + 1) - (const char *)&inode->raw);

	return end <=
	       EXT2_GOOD_OLD_INODE_SIZE + (size_t)inode->raw.i_extra_isize;
}

struct timespec disk_inode_mtime(const struct disk_inode *inode)
{
	struct timespec t = {.tv_sec = (int32_t)inode->raw.i_mtime};
	uint32_t extra = inode->raw.i_mtime_extra;

	if (has_extra(inode, &inode->raw.i_mtime_extra)) {
		t.tv_sec += (int64_t)(extra & 3) << 32;
		t.tv_nsec = extra >> 2;
		if (t.tv_nsec >= 1000000000)
			t.tv_nsec = 0;
	}
	return t;
}

dev_t disk_inode_rdev(const struct disk_inode *inode)
{
	uint32_t old = inode->raw.i_block[0], new = inode->raw.i_block[1];

	if (old)
		return makedev(old >> 8 & 0xff, old & 0xff);
	return makedev(new >> 8 & 0xfff, (new & 0xff) | (new >> 12 & 0xfff00));
}

int disk_inode_type(unsigned mode)
{
	switch (mode & LINUX_S_IFMT) {
	case LINUX_S_IFREG:
		return EXT2_FT_REG_FILE;
	case LINUX_S_IFDIR:
		return EXT2_FT_DIR;
	case LINUX_S_IFCHR:
		return EXT2_FT_CHRDEV;
	case LINUX_S_IFBLK:
		return EXT2_FT_BLKDEV;
	case LINUX_S_IFIFO:
		return EXT2_FT_FIFO;
	case LINUX_S_IFSOCK:
		return EXT2_FT_SOCK;
	case LINUX_S_IFLNK:
		return EXT2_FT_SYMLINK;
	default:
		return EXT2_FT_UNKNOWN;
	}
}

void disk_inode_init(ext2_filsys fs, struct disk_inode *inode, unsigned mode,
		     uint32_t uid, uint32_t gid)
{
	ext2_ino_t ino = inode->ino;

	memset(inode, 0, sizeof(*inode));
	inode->ino = ino;
	inode->raw.i_mode = (uint16_t)mode;
	inode->raw.i_uid = (uint16_t)uid;
	inode->raw.i_uid_high = (uint16_t)(uid >> 16);
	inode->raw.i_gid = (uint16_t)gid;
	inode->raw.i_gid_high = (uint16_t)(gid >> 16);
	if (EXT2_INODE_SIZE(fs->super) > EXT2_GOOD_OLD_INODE_SIZE)
		inode->raw.i_extra_isize =
			sizeof(inode->raw) - EXT2_GOOD_OLD_INODE_SIZE;
}

/*
 * Seconds are 32 bits with a sign, and 2 more in front of them where the inode
 * is large; nanoseconds are above those.
 */
static void set_time(const struct disk_inode *inode, struct timespec t,
		     uint32_t *seconds, uint32_t *extra)
{
	bool large = has_extra(inode, extra);
	int64_t s = t.tv_sec, max = INT32_MAX + (large ? 3LL << 32 : 0);

	if (s < INT32_MIN)
		s = INT32_MIN;
	if (s > max)
		s = max;
	*seconds = (uint32_t)s;
	if (large)
		*extra = (uint32_t)((s - (int32_t)s) >> 32 & 3) |
			 (uint32_t)t.tv_nsec << 2;
}

void disk_inode_set_mtime(struct disk_inode *inode, struct timespec t)
{
	set_time(inode, t, &inode->raw.i_mtime, &inode->raw.i_mtime_extra);
}

void disk_inode_set_ctime(struct disk_inode *inode, struct timespec t)
{
	set_time(inode, t, &inode->raw.i_ctime, &inode->raw.i_ctime_extra);
}

void disk_inode_set_birth(struct disk_inode *inode, struct timespec t)
{
	if (has_extra(inode, &inode->raw.i_crtime_extra))
		set_time(inode, t, &inode->raw.i_crtime,
			 &inode->raw.i_crtime_extra);
}

void disk_inode_set_atime(struct disk_inode *inode, struct timespec t)
{
	set_time(inode, t, &inode->raw.i_atime, &inode->raw.i_atime_extra);
}

void disk_inode_set_rdev(struct disk_inode *inode, dev_t rdev)
{
	uint32_t major = major(rdev), minor = minor(rdev);

	if (major < 256 && minor < 256)
		inode->raw.i_block[0] = major << 8 | minor;
	else
		inode->raw.i_block[1] =
			(minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

static errcode_t read_long_target(ext2_filsys fs,
				  const struct disk_inode *inode, char *target,
				  size_t bytes)
{
	struct disk_run run;
	errcode_t err;

	if (inode->raw.i_flags & EXT4_INLINE_DATA_FL)
		return disk_map_inline(fs, inode, target, bytes);
	err = disk_map_first(fs, inode, &run);
	if (err)
		return err;
	return disk_io_read(fs, run.physical * fs->blocksize, target, bytes);
}

errcode_t disk_inode_target(ext2_filsys fs, const struct disk_inode *inode,
			    char target[DISK_TARGET_BYTES])
{
	uint32_t bytes = inode->raw.i_size;
	errcode_t err = 0;

	if (!bytes || bytes >= DISK_TARGET_BYTES || bytes >= fs->blocksize ||
	    inode->raw.i_flags & EXT4_ENCRYPT_FL)
		return inode->raw.i_flags & EXT4_ENCRYPT_FL ? EACCES : EUCLEAN;
	if (bytes < sizeof(inode->raw.i_block) &&
	    !(inode->raw.i_flags & EXT4_INLINE_DATA_FL))
		memcpy(target, inode->raw.i_block, bytes);
	else
		err = read_long_target(fs, inode, target, bytes);
	target[bytes] = '\0';
	if (!err && strlen(target) != bytes)
		err = EUCLEAN;
	return err;
}
