/* SPDX-License-Identifier: ISC */
#include "disk_build.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk_content.h"
#include "disk_format.h"
#include "disk_image.h"
#include "disk_io.h"
#include "disk_progress.h"
#include "disk_put.h"
#include "disk_text.h"
#include "disk_tree.h"

/* Names the file that stopped it, and what would do. */
static int report(const struct disk_format *format, const struct disk_put *put,
		  const char *path, errcode_t err)
{
	char file[PATH_MAX], size[24];

	if (put->failed_said)
		return -EIO;
	if (!put->failed)
		return disk_fail(path, NULL, err);
	disk_content_path(put->failed, file, sizeof(file));
	if (!disk_error_is_full(err))
		return disk_fail(path, *file ? file : "/", err);
	disk_text_size(size, put->failed->size);
	disk_warn("%s: no space left for %s (%s); %s", path,
		  *file ? file : "its directory", size,
		  format->ext4 ? "give a larger --size, or leave it out"
			       : "its files have changed meanwhile");
	return -ENOSPC;
}

int disk_build(const struct disk_format *format, struct disk_tree *tree, int fd,
	       const char *path)
{
	struct disk_progress none = {0};
	struct disk_put put = {.tree = tree,
			       .progress =
				       tree->progress ? tree->progress : &none};
	uint64_t blocks;
	errcode_t err;
	int result = 0;

	if (ftruncate(fd, (off_t)(format->blocks * DISK_BLOCK_BYTES)))
		return disk_fail_host(path, errno);
	err = disk_format(format, fd, &put.fs);
	if (err)
		return disk_fail(path, NULL, err);
	disk_progress_begin(put.progress, tree->bytes);
	tree->top->ino = EXT2_ROOT_INO;
	err = disk_put_node(&put, tree->top, EXT2_ROOT_INO);
	if (!err && !format->ext4)
		err = disk_format_trim(put.fs);
	if (!err)
		err = ext2fs_flush(put.fs);
	if (!err)
		err = disk_io_commit(put.fs, NULL);
	blocks = ext2fs_blocks_count(put.fs->super);
	if (!err && !format->ext4 &&
	    ftruncate(fd, (off_t)(blocks * DISK_BLOCK_BYTES)))
		err = errno;
	disk_progress_end(put.progress);
	if (err)
		result = report(format, &put, path, err);
	disk_put_finish(&put);
	ext2fs_free(put.fs);
	return result;
}

static int rootfs_build(struct disk_tree *tree, const char *path, int fd)
{
	struct disk_format format = {.label = "rootfs"};
	bool fixed;
	int err;

	if (!S_ISDIR(tree->top->mode)) {
		disk_warn("--rootfs=%s: not a directory", tree->path);
		return -ENOTDIR;
	}
	err = disk_image_now(&format.now, &fixed);
	if (err)
		return err;
	if (!fixed)
		format.now = disk_tree_time(tree);
	err = disk_content_measure(tree, tree->top, DISK_BLOCK_BYTES);
	if (err)
		return err;
	format.inodes = tree->inode_count - 1; /* the root's is reserved */
	format.xattrs = tree->has_xattrs;
	format.blocks =
		disk_format_fit(&format, disk_format_need(&format, tree));
	if (!format.blocks) {
		disk_warn("--rootfs=%s: too many files", tree->path);
		return -EFBIG;
	}
	disk_format_seed(&format, tree);
	return disk_build(&format, tree, fd, path);
}

int disk_rootfs_build(const char *dir, const char *path,
		      const struct disk_rootfs_options *options)
{
	struct disk_tree_options tree_options = {
		.follow_top = true, .set_owner = !options->keep_owners};
	struct disk_progress progress = {.signals = options->signals};
	struct disk_tree tree;
	int err, fd;

	err = disk_tree_clamp(&tree_options);
	if (err)
		return err;
	err = disk_tree_read(&tree, dir, &tree_options, &progress);
	if (err) {
		disk_tree_finish(&tree);
		return err;
	}
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		err = disk_fail_host(path, errno);
	else
		err = rootfs_build(&tree, path, fd);
	if (fd >= 0)
		close(fd);
	if (err && fd >= 0)
		unlink(path);
	disk_tree_finish(&tree);
	return err;
}
