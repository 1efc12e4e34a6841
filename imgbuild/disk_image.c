/* SPDX-License-Identifier: ISC */
#include "disk_image.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "disk_check.h"
#include "disk_feature.h"
#include "disk_inode.h"
#include "disk_io.h"
#include "disk_map.h"
#include "disk_text.h"
#include "elf_rootfs.h"

#define IMAGE_ERROR(image, err, fmt, ...) \
	(disk_warn("%s: " fmt, (image)->path, ##__VA_ARGS__), -(err))

int disk_image_now(uint32_t *now, bool *fixed)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	unsigned long long n;
	char *end;

	*fixed = text;
	if (!text) {
		*now = (uint32_t)time(NULL);
		return 0;
	}
	errno = 0;
	n = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || n > UINT32_MAX) {
		disk_warn("SOURCE_DATE_EPOCH=%s: not a number of seconds since "
			  "1970",
			  text);
		return -EINVAL;
	}
	*now = n ? (uint32_t)n : 1;
	return 0;
}

static int open_file(struct disk_image *image, bool write)
{
	struct stat st;
	/* A block device in use by the host is refused through O_EXCL. */
	bool block = !stat(image->path, &st) && S_ISBLK(st.st_mode);
	int flags = (write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK |
		    (write && block ? O_EXCL : 0);

	image->fd = open(image->path, flags);
	if (image->fd >= 0)
		return 0;
	switch (errno) {
	case ENOENT:
		return IMAGE_ERROR(image, ENOENT,
				   "no such file; imgbuild disk create makes "
				   "one");
	case EISDIR:
		return IMAGE_ERROR(image, EISDIR,
				   "a directory; name a disk image");
	case EBUSY:
		return IMAGE_ERROR(image, EBUSY,
				   "in use by the host; unmount it");
	case EACCES:
	case EPERM:
	case EROFS:
		return IMAGE_ERROR(image, EACCES, "no permission to %s it",
				   write ? "write" : "read");
	default:
		return IMAGE_ERROR(image, errno, "%s", strerror(errno));
	}
}

static int measure(struct disk_image *image)
{
	struct stat st;

	if (fstat(image->fd, &st) < 0)
		return IMAGE_ERROR(image, errno, "%s", strerror(errno));
	if (S_ISREG(st.st_mode))
		image->bytes = (uint64_t)st.st_size;
	else if (S_ISDIR(st.st_mode))
		return IMAGE_ERROR(image, EISDIR,
				   "a directory; name a disk image");
	else if (!S_ISBLK(st.st_mode))
		return IMAGE_ERROR(image, EINVAL,
				   "neither a regular file nor a block device");
	else if (ioctl(image->fd, BLKGETSIZE64, &image->bytes) < 0)
		return IMAGE_ERROR(image, errno, "cannot tell its size: %s",
				   strerror(errno));
	return 0;
}

/* The same lock as the tender's, which attaches disks: fcntl(2), F_OFD_. */
static int lock_file(const struct disk_image *image, bool write)
{
	struct flock lock = {
		.l_type = write ? F_WRLCK : F_RDLCK,
		.l_whence = SEEK_SET,
	};
	int mounted = 0;

	if (fcntl(image->fd, F_OFD_SETLK, &lock) < 0) {
		if (errno != EAGAIN && errno != EACCES)
			return IMAGE_ERROR(image, errno, "cannot lock: %s",
					   strerror(errno));
		return IMAGE_ERROR(image, EBUSY,
				   "in use by a running guest or another "
				   "imgbuild%s; end that first",
				   write ? "" : " that writes it");
	}
	if (!ext2fs_check_if_mounted(image->path, &mounted) &&
	    mounted & EXT2_MF_MOUNTED &&
	    (write || !(mounted & EXT2_MF_READONLY)))
		return IMAGE_ERROR(image, EBUSY,
				   "in use by the host; unmount it");
	return 0;
}

int disk_image_lock(struct disk_image *image, const char *path,
		    enum disk_access access)
{
	bool write = access == DISK_WRITE;
	int err;

	*image = (struct disk_image){.path = path, .fd = -1};
	err = open_file(image, write);
	if (!err)
		err = measure(image);
	if (!err)
		err = lock_file(image, write);
	if (err)
		disk_image_close(image);
	return err;
}

/* A bootable image may have a file system in it. */
static int find_rootfs(struct disk_image *image, enum disk_access access)
{
	char magic[SELFMAG];

	if (pread(image->fd, magic, SELFMAG, 0) != SELFMAG ||
	    memcmp(magic, ELFMAG, SELFMAG) != 0)
		return 0;
	switch (elf_rootfs_find(image->fd, &image->base, &image->bytes)) {
	case 0:
		break;
	case -ENOENT:
		return IMAGE_ERROR(image, ENOEXEC,
				   "a program without a file system; imgbuild "
				   "--rootfs links one into it");
	default:
		return IMAGE_ERROR(image, ENOEXEC, "a damaged ELF file");
	}
	if (access == DISK_WRITE)
		return IMAGE_ERROR(image, EROFS,
				   "what was linked into an image cannot be "
				   "changed; link it anew with --rootfs");
	return 0;
}

static int read_super(struct disk_image *image, struct ext2_super_block *super)
{
	ssize_t n = -1;

	if (image->bytes >= SUPERBLOCK_OFFSET + SUPERBLOCK_SIZE)
		n = pread(image->fd, super, SUPERBLOCK_SIZE,
			  (off_t)image->base + SUPERBLOCK_OFFSET);
	if (n != SUPERBLOCK_SIZE || super->s_magic != EXT2_SUPER_MAGIC)
		return IMAGE_ERROR(image, EINVAL,
				   "not an ext2, ext3 or ext4 file system");
	return 0;
}

/*
 * libext2fs allocates memory as the superblock says, and would be led past the
 * end of a shortened file.
 */
static int check_super(struct disk_image *image, struct ext2_super_block *s)
{
	uint64_t blocks = ext2fs_blocks_count(s), block_bytes, fs_bytes;

	if (s->s_log_block_size > EXT2_MAX_BLOCK_LOG_SIZE - 10 ||
	    s->s_first_data_block > 1 || !s->s_blocks_per_group ||
	    !s->s_inodes_per_group)
		return IMAGE_ERROR(image, EUCLEAN,
				   "its superblock is damaged; look with "
				   "imgbuild disk check");
	block_bytes = 1024u << s->s_log_block_size;
	if (blocks > image->bytes / block_bytes) {
		if (__builtin_mul_overflow(blocks, block_bytes, &fs_bytes))
			fs_bytes = UINT64_MAX;
		return IMAGE_ERROR(image, EUCLEAN,
				   "damaged or cut short: its file system has "
				   "%llu bytes, the file %llu",
				   (unsigned long long)fs_bytes,
				   (unsigned long long)image->bytes);
	}
	if (s->s_inodes_per_group > block_bytes * 8 ||
	    (!ext2fs_has_feature_bigalloc(s) &&
	     s->s_blocks_per_group > block_bytes * 8))
		return IMAGE_ERROR(image, EUCLEAN,
				   "its superblock is damaged; look with "
				   "imgbuild disk check");
	return 0;
}

static bool is_clean(struct ext2_super_block *s)
{
	return s->s_state & EXT2_VALID_FS && !(s->s_state & EXT2_ERROR_FS) &&
	       !s->s_last_orphan && !ext2fs_has_feature_orphan_present(s);
}

static int check_state(struct disk_image *image, enum disk_access access,
		       struct ext2_super_block *s)
{
	const char *feature;

	if (access == DISK_INSPECT)
		return 0;
	if (ext2fs_has_feature_journal_needs_recovery(s))
		return IMAGE_ERROR(image, EUCLEAN,
				   "its journal holds changes that are not in "
				   "place yet; run e2fsck -p %s, or add "
				   "--recover",
				   image->path);
	if (access != DISK_WRITE)
		return 0;
	if (!is_clean(s))
		return IMAGE_ERROR(image, EUCLEAN,
				   "it was not unmounted cleanly; run e2fsck "
				   "-p %s, or add --recover",
				   image->path);
	feature = disk_feature_read_only(s);
	if (feature)
		return IMAGE_ERROR(image, EROFS,
				   "can only be read, as it has the feature %s",
				   feature);
	return 0;
}

static int open_fs(struct disk_image *image, bool write)
{
	struct disk_io_source source = {.fd = image->fd,
					.base = image->base,
					.bytes = image->bytes,
					.writable = write};
	int flags = EXT2_FLAG_64BITS | (write ? EXT2_FLAG_RW : 0);
	char name[DISK_IO_NAME_BYTES];
	errcode_t err;

	disk_io_name(name, &source);
	err = ext2fs_open2(name, NULL, flags, 0, 0, disk_io_manager(),
			   &image->fs);
	if (err) {
		image->fs = NULL;
		return disk_fail(image->path, NULL, err);
	}
	image->fs->now = image->now;
	err = ext2fs_check_desc(image->fs);
	if (!err && write)
		err = ext2fs_read_bitmaps(image->fs);
	return err ? disk_fail(image->path, NULL, err) : 0;
}

/* Reopens the file, as only the lock for writing keeps others out of it. */
static int recover(struct disk_image *image, enum disk_access access)
{
	const char *path = image->path;
	int err;

	disk_image_close(image);
	err = disk_image_lock(image, path, DISK_WRITE);
	if (!err)
		err = disk_check_run(image, true);
	if (err > 0)
		err = IMAGE_ERROR(image, EUCLEAN,
				  "e2fsck -p could not mend it; run e2fsck %s",
				  path);
	disk_image_close(image);
	return err ? err : disk_image_open(image, path, access, false);
}

int disk_image_open(struct disk_image *image, const char *path,
		    enum disk_access access, bool with_recover)
{
	struct ext2_super_block super;
	bool fixed;
	int err;

	err = disk_image_lock(image, path, access);
	if (err)
		return err;
	err = find_rootfs(image, access);
	if (!err)
		err = read_super(image, &super);
	if (!err && access != DISK_CHECK)
		err = check_super(image, &super);
	if (!err && with_recover && !image->base &&
	    (ext2fs_has_feature_journal_needs_recovery(&super) ||
	     !is_clean(&super)))
		return recover(image, access);
	if (!err)
		err = check_state(image, access, &super);
	if (!err)
		err = disk_image_now(&image->now, &fixed);
	if (!err && access != DISK_CHECK)
		err = open_fs(image, access == DISK_WRITE);
	if (err)
		disk_image_close(image);
	return err;
}

errcode_t disk_image_release(struct disk_image *image, struct disk_inode *inode)
{
	ext2_ino_t *release;

	if (!disk_inode_is_dir(inode) && inode->raw.i_links_count > 1) {
		inode->raw.i_links_count--;
		disk_inode_set_ctime(inode, (struct timespec){image->now, 0});
		return disk_inode_write(image->fs, inode);
	}
	release = reallocarray(image->release, image->release_count + 1,
			       sizeof(*release));
	if (!release)
		return EXT2_ET_NO_MEMORY;
	image->release = release;
	release[image->release_count++] = inode->ino;
	return 0;
}

static errcode_t ignore_run(void *arg, const struct disk_run *run)
{
	(void)arg, (void)run;
	return 0;
}

static errcode_t free_inode(ext2_filsys fs, ext2_ino_t ino)
{
	struct disk_inode inode;
	bool has_blocks;
	errcode_t err;

	err = disk_inode_read(fs, ino, &inode);
	if (err)
		return err;
	has_blocks =
		ext2fs_inode_has_valid_blocks2(fs, disk_inode_small(&inode));
	if (has_blocks)
		err = disk_map_each(fs, &inode, ignore_run, NULL);
	if (!err)
		err = ext2fs_free_ext_attr(fs, ino, &inode.raw);
	if (!err && has_blocks)
		err = ext2fs_punch(fs, ino, disk_inode_small(&inode), NULL, 0,
				   ~0ULL);
	if (err)
		return err;
	inode.raw.i_links_count = 0;
	inode.raw.i_dtime = (uint32_t)fs->now;
	err = disk_inode_write(fs, &inode);
	if (!err)
		ext2fs_inode_alloc_stats2(fs, ino, -1,
					  disk_inode_is_dir(&inode));
	return err;
}

int disk_image_commit(struct disk_image *image)
{
	struct ext2_super_block unclean;
	errcode_t err = 0;

	for (size_t i = 0; !err && i < image->release_count; i++)
		err = free_inode(image->fs, image->release[i]);
	if (!err)
		err = ext2fs_flush(image->fs);
	if (!err && read_super(image, &unclean))
		return -EIO;
	if (!err) {
		unclean.s_state &= (uint16_t)~EXT2_VALID_FS;
		err = ext2fs_superblock_csum_set(image->fs, &unclean);
	}
	if (!err)
		err = disk_io_commit(image->fs, &unclean);
	return err ? disk_fail(image->path, NULL, err) : 0;
}

void disk_image_close(struct disk_image *image)
{
	if (image->fs)
		ext2fs_free(image->fs);
	image->fs = NULL;
	if (image->fd >= 0)
		close(image->fd);
	image->fd = -1;
	/* NULL after a first time. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	free(image->release);
	image->release = NULL;
}
